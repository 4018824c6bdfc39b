/**
 * Examples of bodies, by the name of their schema in the description of the API. One request leads
 * through them: the adapter is the one that the first example of CreateAdapter makes.
 */
import type * as z from 'zod';
import { MAX_STRENGTH } from '../../limits.ts';
import type {
  adapterPageSchema,
  adapterSchema,
  healthSchema,
  hypernetListSchema,
  hypernetSchema,
} from '../documents.ts';
import type { modelInfoSchema, refsSchema, treeSchema } from '../hub/documents.ts';
import type {
  activateHypernetSchema,
  createAdapterSchema,
  registerHypernetSchema,
} from '../requests.ts';
import { ADAPTER_ID, CARD_SHA256, CONFIG_SHA256, DIGEST, WEIGHTS_SHA256 } from './names.ts';

const HYPERNET = { name: 't2l-mini', version: '1.0.0', digest: DIGEST };
const BASE_MODEL = 't2l-edge/t2l-mini-base';
const DESCRIPTION = 'Reverse the list and join it with dashes';
const FILES = `https://t2l.example/v1/adapters/${ADAPTER_ID}`;
const MODULES = ['q_proj', 'v_proj'];
const ENCODER = { kind: 'onnx', model: 't2l-edge/minilm-l6-t2l', dim: 384 };

const adapter: z.input<typeof adapterSchema> = {
  id: ADAPTER_ID,
  repository: `t2l/${ADAPTER_ID}`,
  description: DESCRIPTION,
  hypernet: HYPERNET,
  base_model: BASE_MODEL,
  rank: 8,
  alpha: 8,
  target_modules: MODULES,
  dtype: 'float16',
  precision: 'int8',
  strength: 1,
  parameters: 36864,
  files: {
    'adapter_model.safetensors': {
      url: `${FILES}/adapter_model.safetensors`,
      bytes: 76784,
      sha256: WEIGHTS_SHA256,
    },
    'adapter_config.json': {
      url: `${FILES}/adapter_config.json`,
      bytes: 544,
      sha256: CONFIG_SHA256,
    },
    'README.md': { url: `${FILES}/README.md`, bytes: 3050, sha256: CARD_SHA256 },
  },
  formats: {
    gguf: { 'adapter.gguf': `${FILES}/adapter.gguf` },
    'workers-ai': {
      'adapter_model.safetensors': `${FILES}/adapter_model.safetensors?layout=workers-ai`,
      'adapter_config.json': `${FILES}/adapter_config.json?layout=workers-ai`,
    },
    mlx: {
      'adapters.safetensors': `${FILES}/adapters.safetensors?layout=mlx`,
      'adapter_config.json': `${FILES}/adapter_config.json?layout=mlx`,
    },
  },
  cached: false,
  fit: {
    score: 0.9427,
    verdict: 'good',
    nearest: [
      { task: 'words/reverse_letters+join:-', similarity: 0.8187 },
      { task: 'digits/join:-', similarity: 0.8166 },
    ],
  },
  norms: {
    q_proj: [5.6, 6.689, 6.734, 5.59, 7.693, 6.945],
    v_proj: [6.255, 9.649, 10.03, 6.624, 18.37, 10.93],
  },
  timings_ms: { encode: 21, run: 9, pack: 2, hash: 0 },
  created_at: '2026-11-26T09:30:00.000Z',
};

const adapterPage: z.input<typeof adapterPageSchema> = {
  adapters: [{ ...adapter, cached: true }],
  next_cursor: null,
};

const hypernet: z.input<typeof hypernetSchema> = {
  name: HYPERNET.name,
  active: DIGEST,
  previous: null,
  versions: [
    {
      version: HYPERNET.version,
      digest: DIGEST,
      origin: 'built-in',
      registered_at: null,
      variant: 'S',
      base_model: {
        id: BASE_MODEL,
        revision: 'a2cc192b3896bdf202dbde225509381e7cdb6c47',
        architecture: 'llama',
        license: 'apache-2.0',
      },
      rank: 8,
      layers: 6,
      target_modules: MODULES,
      precision: 'int8',
      precisions: ['float32', 'int8'],
      encoder: ENCODER,
      needs: {
        encoder: ENCODER,
        precisions: {
          int8: {
            whole: true,
            graph_bytes: 2777348,
            largest_part_bytes: 2777348,
            memory_bytes: 91912272,
            plan: 'paid',
          },
        },
      },
      evaluation: {
        unseen: { conditions: { int8: { exact_match: 0.656, interval: [0.595, 0.719] } } },
      },
      training: { seeds: { sft: 0 }, tasks: 1295 },
    },
  ],
};

const hypernetList: z.input<typeof hypernetListSchema> = {
  default: HYPERNET.name,
  hypernets: [hypernet],
};

const index = {
  name: 't2l-edge',
  description: 'Text in, LoRA adapter out.',
  try: `curl https://t2l.example/v1/adapters -H 'content-type: application/json' -d '{"description": "${DESCRIPTION}"}'`,
  adapters: '/v1/adapters',
  hypernets: '/v1/hypernets',
  health: '/healthz',
  openapi: '/openapi.json',
  docs: '/docs',
};

const health: z.input<typeof healthSchema> = { status: 'ok', hypernet: HYPERNET };

const COMMIT = ADAPTER_ID.slice(0, 40);
const WEIGHTS = 'adapter_model.safetensors';
const POINTER_BYTES = 130;

const hubModel: z.input<typeof modelInfoSchema> = {
  id: adapter.repository,
  sha: COMMIT,
  tags: ['lora', 'peft', 'text-to-lora', `base_model:adapter:${BASE_MODEL}`],
  library_name: 'peft',
  pipeline_tag: 'text-generation',
  lastModified: adapter.created_at,
  siblings: [
    { rfilename: 'README.md' },
    { rfilename: 'adapter_config.json' },
    { rfilename: WEIGHTS },
  ],
};

const hubEntry: z.input<typeof treeSchema>[number] = {
  type: 'file',
  oid: 'c1a5d0f2e4b6978899aabbccddeeff0011223344',
  size: 76784,
  path: WEIGHTS,
  lfs: { oid: WEIGHTS_SHA256, size: 76784, pointerSize: POINTER_BYTES },
};

const hubRefs: z.input<typeof refsSchema> = {
  branches: [{ name: 'main', ref: 'refs/heads/main', targetCommit: COMMIT }],
  converts: [],
  tags: [],
  pullRequests: [],
};

/** Component -> what an answer of it looks like. */
export const RESPONSE_EXAMPLES: Readonly<Record<string, unknown>> = {
  Adapter: adapter,
  AdapterPage: adapterPage,
  Hypernet: hypernet,
  HypernetList: hypernetList,
  Health: health,
  HubModel: hubModel,
  HubEntry: hubEntry,
  HubRefs: hubRefs,
  Index: index,
};

const createAdapter: Record<string, z.input<typeof createAdapterSchema>> = {
  'A sentence': { description: DESCRIPTION },
  'With options': {
    description: 'Sort the words by their last letter',
    hypernet: HYPERNET.name,
    dtype: 'bfloat16',
    precision: 'int8',
    strength: MAX_STRENGTH / 16,
  },
};

const registerHypernet: Record<string, z.input<typeof registerHypernetSchema>> = {
  'A bundle in the bucket': { ...HYPERNET, version: '1.1.0' },
};

const activateHypernet: Record<string, z.input<typeof activateHypernetSchema>> = {
  'A version': { version: '1.1.0' },
  'A digest': { digest: DIGEST },
  'The version before': { rollback: true },
};

/** Component -> summary -> a body to send. */
export const REQUEST_EXAMPLES: Readonly<Record<string, Readonly<Record<string, unknown>>>> = {
  CreateAdapter: createAdapter,
  RegisterHypernet: registerHypernet,
  ActivateHypernet: activateHypernet,
  PathsInfo: { 'One file': { paths: [WEIGHTS], expand: false } },
};
