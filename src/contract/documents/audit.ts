/** The document of a slice of an audit. */
import * as z from 'zod';
import { component } from './values.ts';

/** What a slice of an audit found. */
export const auditSchema = component(
  'Audit',
  z.object({
    adapters: z.int(),
    files: z.int().meta({ description: 'Files of adapters that were there and hashed.' }),
    evicted: z.int().meta({ description: 'Files that are made when they are asked for.' }),
    damaged: z.int().meta({ description: 'Files with other bytes than were recorded.' }),
    healed: z.int().meta({ description: 'Damaged files that were made again.' }),
    orphans: z.int().meta({
      description: 'Files that were removed because no adapter has them, as after a crash.',
    }),
    bundles: z.int(),
    bundle_files: z.int(),
    failed: z
      .array(z.object({ what: z.string(), why: z.string() }))
      .meta({ description: 'What is damaged and could not be healed.' }),
    next_cursor: z
      .string()
      .nullable()
      .meta({ description: 'Where the next slice begins; null: this was the last one.' }),
  }),
);
