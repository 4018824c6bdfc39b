/**
 * The manifest of a hypernetwork bundle: the only contract between training and the edge.
 *
 * Everything the edge knows about a hypernetwork is here; the base model is never loaded. Module
 * order is the order of `target.modules`, an array, because order is data. The schema is strict: a
 * member that this version does not know is a manifest of another version.
 */
import * as z from 'zod';
import { T2lError } from '../contract/errors.ts';
import { hex64 } from '../contract/hex.ts';
import { fitSchema } from './fit-spec.ts';
import { checkConsistency } from './manifest-rules.ts';

const SCHEMA = 't2l-bundle/1';

/** Paths are keys of a bucket and parts of a URL: plain segments, no way up. */
const fileName = z
  .string()
  .max(256)
  .regex(/^[A-Za-z0-9][A-Za-z0-9._-]*(\/[A-Za-z0-9][A-Za-z0-9._-]*)*$/);
const count = z.int().positive();
/** Where something lies in a model, part by part. */
const modulePath = z.string().regex(/^[A-Za-z0-9_]+(\.[A-Za-z0-9_]+)*$/, {
  error: 'must be a dotted path such as self_attn.q_proj',
});
const slug = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,62}$/);

const moduleSchema = z.strictObject({
  name: z.string().min(1),
  path: modulePath,
  in: count,
  out: count,
  /** IA3: its inputs are scaled; left out, its outputs are. */
  feedforward: z.literal(true).optional(),
});

const targetSchema = z.strictObject({
  base_model: z.strictObject({
    id: z.string().min(1),
    revision: z.string().min(1),
    architecture: z.string().min(1),
    license: z.string().min(1),
  }),
  layers: count,
  /** Where the base model's list of layers lies; left out: `model.layers`. */
  layers_path: modulePath.optional(),
  /** The base model's heads; bundles before t2l-mini 4 do not say. */
  attention: z.strictObject({ heads: count, kv_heads: count, head_dim: count }).optional(),
  modules: z.array(moduleSchema).min(1),
  rank: count,
  output: z
    .enum(['dora', 'ia3'], { error: 'must be "dora" or "ia3", or left out for LoRA' })
    .optional(),
});

const encoderCommon = {
  model: z.string().min(1),
  dim: count,
  pooling: z.enum(['mean', 'cls', 'last', 'none']),
  normalize: z.boolean(),
  scale: z.number().positive(),
  template: z.string().includes('{description}'),
  /** A description that ends in a letter gets a full stop: what the encoder's training texts had. */
  ending: z.literal('full-stop').optional(),
  max_tokens: count,
};

const encoderSchema = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('onnx'),
    ...encoderCommon,
    files: z.strictObject({ model: fileName, tokenizer: fileName }),
  }),
  z.strictObject({ kind: z.literal('workers-ai'), ...encoderCommon }),
  z.strictObject({ kind: z.literal('http'), ...encoderCommon }),
  z.strictObject({ kind: z.literal('given'), ...encoderCommon }),
]);

/**
 * One graph, or a body whose outputs `features.<module>` go through head graphs one after the other;
 * between the two there may be stages, more graphs of the body (`hypernet/stages.ts`).
 * A chunk's `offsets` say at which column of every row of a tensor its block belongs; the rules that
 * need the graphs themselves are checked when they run, in `hypernet/chunked.ts`.
 */
const graphSchema = z.union(
  [
    z.strictObject({ file: fileName }),
    z.strictObject({
      body: fileName,
      stages: z.array(fileName).min(1).optional(),
      chunks: z
        .array(
          z.strictObject({ file: fileName, offsets: z.record(z.string(), z.int().nonnegative()) }),
        )
        .min(1),
    }),
  ],
  { error: 'must be {"file"} or {"body", "stages"?, "chunks": [{"file", "offsets"}, ...]}' },
);
const perLayer = z.array(z.number().nonnegative());

/** The manifest's shape, version `t2l-bundle/1`. */
export const manifestSchema = z
  .strictObject({
    schema: z.literal(SCHEMA),
    name: slug.refine((name) => name !== 'encoders', 'the name "encoders" is reserved'),
    version: z.string().regex(/^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/),
    variant: z.enum(['S', 'M', 'L']),
    latent: count,
    head_in: count,
    target: targetSchema,
    scale: z.literal('folded'),
    precision: z.enum(['float32', 'int8']),
    graphs: z.strictObject({ float32: graphSchema.optional(), int8: graphSchema.optional() }),
    encoder: encoderSchema,
    fit: fitSchema.optional(), // a checkpoint may come without the texts it was trained on
    norms: z.record(z.string(), z.strictObject({ mean: perLayer, deviation: perLayer })).optional(),
    golden: z.strictObject({
      file: fileName,
      descriptions: z.array(z.string()).min(1),
      limit: count,
    }),
    evaluation: z.record(z.string(), z.json()),
    training: z.record(z.string(), z.json()),
    files: z.record(fileName, z.strictObject({ bytes: z.int().nonnegative(), sha256: hex64 })),
  })
  .superRefine(checkConsistency);

/** A parsed manifest. */
export type Manifest = z.infer<typeof manifestSchema>;

/** A numeric precision a bundle may have a graph for. */
export type Precision = Manifest['precision'];

/** What a bundle has for one precision. */
export type Graph = z.infer<typeof graphSchema>;

/** A head graph of a chunked hypernetwork and where its outputs belong. */
export type HeadChunk = Extract<Graph, { body: string }>['chunks'][number];

/** The target of a bundle: the base model and what of it is adapted. */
export type Target = z.infer<typeof targetSchema>;

/** How descriptions become embeddings. */
export type EncoderSpec = z.infer<typeof encoderSchema>;

/** One target module of the base model. */
export type TargetModule = Manifest['target']['modules'][number];

/**
 * Parses a manifest's bytes.
 *
 * @throws T2lError `bundle_schema_unsupported` for another schema, or for bytes that do not follow
 *   this one
 */
export function parseManifest(bytes: Uint8Array): Manifest {
  let json: unknown;
  try {
    json = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw new T2lError('bundle_schema_unsupported', 'The bundle manifest is not UTF-8 JSON.');
  }
  const schema = (json as { schema?: unknown } | null)?.schema;
  if (schema !== SCHEMA) {
    throw new T2lError(
      'bundle_schema_unsupported',
      `The bundle manifest has schema ${JSON.stringify(schema)}; this server reads "${SCHEMA}".`,
    );
  }
  const parsed = manifestSchema.safeParse(json);
  if (!parsed.success) {
    const issues = parsed.error.issues.map(({ path, message }) => `${path.join('.')}: ${message}`);
    throw new T2lError(
      'bundle_schema_unsupported',
      `The bundle manifest is not valid: ${issues.slice(0, 5).join('; ')}.`,
    );
  }
  return parsed.data;
}
