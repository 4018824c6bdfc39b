/** The documents of an adapter and of a page of them. */
import * as z from 'zod';
import { hex64 } from '../hex.ts';
import { OUTPUT_KINDS } from '../output-kinds.ts';
import { component, instant } from './values.ts';

/** Why no more is to be expected of an adapter. */
const fitReasonSchema = z.object({
  code: z.enum(['far', 'missing_step', 'weak', 'strength']).meta({
    description:
      '`far`: far from everything that was trained; `missing_step`: nothing trained near it also does `step`; `weak`: close to `task`, which the hypernetwork does not do well; `strength`: other strengths than 1 do worse, or were not measured.',
  }),
  task: z.string().nullable().meta({ description: 'The training task that it is close to.' }),
  step: z.string().nullable().meta({ description: 'The step that is missing.' }),
  success: z.number().nullable().meta({ description: 'Exact match of `task`, 0 to 1.' }),
  text: z.string().meta({ description: 'All of it in words.' }),
});

/** What is to be expected of an adapter. */
const fitSchema = z.object({
  score: z.number().nullable().meta({
    description:
      "Expected exact match at the adapter's strength, 0 to 1; the highest cosine to a training task if the bundle was not calibrated; null if nothing was measured, for the bundle or for the strength.",
  }),
  verdict: z.enum(['good', 'uncertain', 'unfit', 'unknown']),
  reason: fitReasonSchema
    .nullable()
    .meta({ description: 'Why no more is to be expected; null: there is nothing to say.' }),
  nearest: z.array(z.object({ task: z.string(), similarity: z.number() })),
});

/** The same as it was recorded, in a row or a folder: before there were reasons it had none. */
export const recordedFitSchema = fitSchema.extend({
  reason: fitSchema.shape.reason.default(null),
});

/** What else is to be said of an adapter; endpoints of before say nothing of it. */
const warningSchema = z.object({
  code: z.enum(['strength_beyond_norms']).meta({
    description:
      '`strength_beyond_norms`: the strength carries the update of `layers` beyond the limit that the hypernetwork itself must keep.',
  }),
  text: z.string().meta({ description: 'All of it in words.' }),
  layers: z.array(
    z.object({ module: z.string(), layer: z.int(), norm: z.number(), limit: z.number() }),
  ),
});

/** One adapter. */
export const adapterSchema = component(
  'Adapter',
  z.object({
    id: hex64,
    repository: z.string().meta({
      description: 'Its repository in the protocol of the Hugging Face Hub: `t2l/<id>`.',
    }),
    base_model: z.string(),
    fit: fitSchema,
    description: z.string().nullable().meta({ description: 'null: made from an embedding.' }),
    hypernet: z.object({ name: z.string(), version: z.string(), digest: hex64 }),
    output: z.enum(OUTPUT_KINDS).default('lora').meta({
      description:
        'The kind of adapter: `lora`; `dora`, which has magnitudes beside A and B; `ia3`, factors on what modules give or take. PEFT loads each by the same call; endpoints of before make `lora` only, and do not say so.',
    }),
    rank: z.int().meta({ description: '1 for `ia3`, which has none.' }),
    alpha: z.int().meta({ description: 'Equal to the rank: the scale is folded into B.' }),
    target_modules: z.array(z.string()),
    dtype: z.string(),
    precision: z.string(),
    strength: z.number(),
    parameters: z.int(),
    files: z
      .record(z.string(), z.object({ url: z.url(), bytes: z.int(), sha256: hex64 }))
      .meta({ description: 'What the id stands for: weights and config. They never change.' }),
    formats: z.record(z.string(), z.record(z.string(), z.url())).meta({
      description:
        'Other layouts, made on demand, and the URLs of their files: `gguf`, `workers-ai`, `mlx`. One that the base model cannot have is left out; only `lora` has any.',
    }),
    card: z.url().optional().meta({
      description:
        'The model card, `README.md`, made on demand: its wording may change, so its hash is not part of the adapter. Left out once the bundle that made the adapter is gone, as `formats` is then empty.',
    }),
    cached: z.boolean().meta({ description: 'Whether the adapter existed before the request.' }),
    unlisted: z.boolean().default(false).meta({
      description: 'Whether lists and searches leave it out; whoever has the id reads it.',
    }),
    norms: z.record(z.string(), z.array(z.number())).meta({
      description:
        'Per module, the Frobenius norm of the update of each layer, with the strength applied. Of `dora` it is that of B A, without what the magnitudes change; of `ia3`, how far the factors are from 1.',
    }),
    warnings: z.array(warningSchema).default([]).meta({
      description: 'What is to be known before use beside the fit; mostly nothing.',
    }),
    timings_ms: z
      .record(z.string(), z.number())
      .meta({ description: 'Of the making of the adapter.' }),
    created_at: instant,
  }),
);

/** A page of adapters. */
export const adapterPageSchema = component(
  'AdapterPage',
  z.object({
    adapters: z.array(adapterSchema),
    next_cursor: z.string().nullable().meta({ description: 'null: this is the last page.' }),
  }),
);
