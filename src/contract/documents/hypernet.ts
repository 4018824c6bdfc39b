/** The documents of a hypernetwork with its versions, of a list of them, and of an endpoint's health. */
import * as z from 'zod';
import { hex64 } from '../hex.ts';
import { SHOWN_ACTIVATIONS } from '../limits.ts';
import { OUTPUT_KINDS } from '../output-kinds.ts';
import { component, instant } from './values.ts';

const precisionNeedsSchema = component(
  'PrecisionNeeds',
  z
    .object({
      whole: z.boolean().meta({
        description: 'Whether the network is one graph; if not, its heads are streamed in chunks.',
      }),
      graph_bytes: z.int(),
      largest_part_bytes: z
        .int()
        .meta({ description: 'The largest file that must be in memory at once.' }),
      memory_bytes: z.int().meta({
        description:
          'Estimated peak memory of an isolate while it makes an adapter; Cloudflare gives 128 MB.',
      }),
      plan: z.enum(['free', 'paid']).meta({
        description:
          'Least plan of Cloudflare Workers: the free one allows 10 ms of computing a request and a script of 3 MB.',
      }),
    })
    .meta({
      example: {
        whole: true,
        graph_bytes: 2840000,
        largest_part_bytes: 2840000,
        memory_bytes: 60600000,
        plan: 'paid',
      },
    }),
);

const encoderSchema = z.object({ kind: z.string(), model: z.string(), dim: z.int() });

const hypernetVersionSchema = component(
  'HypernetVersion',
  z.object({
    version: z.string(),
    digest: hex64,
    origin: z.enum(['built-in', 'registered']),
    registered_at: instant.nullable(),
    yanked: z.object({ at: instant, reason: z.string() }).nullable().meta({
      description:
        'Why it makes no new adapters any more; those that it made stay as they are. null: it does.',
    }),
    variant: z.string(),
    base_model: z.object({
      id: z.string(),
      revision: z.string(),
      architecture: z.string(),
      license: z.string(),
    }),
    output: z
      .enum(OUTPUT_KINDS)
      .default('lora')
      .meta({ description: 'The kind of adapters that it makes.' }),
    rank: z.int(),
    layers: z.int(),
    target_modules: z.array(z.string()),
    precision: z.string().meta({ description: 'Used when a request names none.' }),
    precisions: z.array(z.string()),
    encoder: encoderSchema,
    needs: z
      .object({
        encoder: encoderSchema.meta({
          description: 'What turns descriptions into embeddings; `given`: the caller must.',
        }),
        precisions: z
          .object({ float32: precisionNeedsSchema, int8: precisionNeedsSchema })
          .partial(),
      })
      .meta({ description: 'What running it takes.' }),
    fit: z
      .object({
        tasks: z.int().meta({ description: 'How many training tasks it compares with.' }),
        sizes: z.string().optional().meta({
          description: 'On what sizes of input training was, and what happens beyond them.',
        }),
      })
      .optional()
      .meta({ description: 'Left out if it does not say what it was trained on.' }),
    evaluation: z.record(z.string(), z.unknown()).meta({
      description: 'Exact match with controls and baselines, as measured in training.',
    }),
    training: z
      .record(z.string(), z.unknown())
      .meta({ description: 'What made it: seeds, digest of the configuration, commit.' }),
  }),
);

const activationSchema = component(
  'Activation',
  z.object({
    at: instant,
    from: hex64.nullable().meta({ description: 'Digest that answered before; null: none did.' }),
    to: hex64.meta({ description: 'Digest that answered from then on, for all or for a part.' }),
    percent: z.int().meta({
      description:
        'Part of the descriptions that `to` answers for: 100 as the active version, less as a canary, 0 where a canary ended.',
    }),
    reason: z.string().nullable().meta({ description: 'Why, if it was said.' }),
  }),
);

const outcomesSchema = component(
  'Outcomes',
  z.object({
    made: z.int(),
    failed: z.int().meta({ description: 'For a reason that lies in the version.' }),
  }),
);

/** A hypernetwork with its versions. */
export const hypernetSchema = component(
  'Hypernet',
  z.object({
    name: z.string(),
    active: hex64.nullable().meta({ description: 'Digest of the version that answers.' }),
    previous: hex64.nullable().meta({ description: 'Digest that a rollback goes back to.' }),
    canary: z
      .object({
        digest: hex64,
        percent: z.int(),
        outcomes: outcomesSchema,
        active_outcomes: outcomesSchema,
      })
      .nullable()
      .meta({
        description:
          'The version that answers for a part of the descriptions, if one does, and what came of making adapters since it does: with it, and with the active version.',
      }),
    versions: z.array(hypernetVersionSchema),
    activations: z.array(activationSchema).meta({
      description: `The last ${SHOWN_ACTIVATIONS} changes of what answers, newest first.`,
    }),
  }),
);

export const hypernetListSchema = component(
  'HypernetList',
  z.object({ default: z.string(), hypernets: z.array(hypernetSchema) }),
);

/** The answer of an endpoint that can work. */
export const healthSchema = component(
  'Health',
  z.object({
    status: z.literal('ok'),
    hypernet: z.object({ name: z.string(), version: z.string(), digest: z.string() }),
  }),
);
