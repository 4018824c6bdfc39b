/** The document of what an endpoint did in some days. */
import * as z from 'zod';
import { hex64 } from '../hex.ts';
import { component } from './values.ts';

const times = z.object({
  count: z.int(),
  p50: z.number().meta({ description: 'Milliseconds, rounded up to the bound of a bucket.' }),
  p90: z.number(),
  p99: z.number(),
});

export const statsSchema = component(
  'Stats',
  z.object({
    from: z.iso.date().meta({ description: 'The first day, in UTC.' }),
    to: z.iso.date().meta({ description: 'The last day, which is today.' }),
    adapters: z
      .array(
        z.object({
          hypernet: hex64,
          made: z.int(),
          known: z.int().meta({ description: 'Asked for again, and found.' }),
          failed: z.int().meta({ description: 'For a reason that lies in the version.' }),
        }),
      )
      .meta({ description: 'By the version that makes them.' }),
    remade: z.int().meta({
      description: 'Adapters made again for a reader, whose files were evicted or damaged.',
    }),
    answers: z.record(z.string(), z.int()).meta({ description: 'Answers by their status.' }),
    problems: z
      .record(z.string(), z.int())
      .meta({ description: 'Problems by their code: refusals by limits, too.' }),
    bytes: z.int().meta({ description: 'Of files that were sent.' }),
    times: z.record(z.string(), times).meta({
      description:
        'Milliseconds of each step that `Server-Timing` has. On Cloudflare the clock stands still while a Worker computes, so only steps that wait for something are above 0 there.',
    }),
    stored: z
      .object({ adapters: z.int(), bytes: z.int() })
      .meta({ description: 'What is kept now: adapters, and bytes of their files in R2.' }),
  }),
);
