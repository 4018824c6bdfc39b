/** The adapter of the examples: the one that the first example of CreateAdapter makes. */
import type * as z from 'zod';
import type { adapterPageSchema, adapterSchema } from '../../../contract/documents/adapter.ts';
import { EXAMPLE } from '../../../contract/examples.ts';
import { ADAPTER_ID, CONFIG_SHA256, WEIGHTS_SHA256 } from '../names.ts';
import { BASE_MODEL, HYPERNET, MODULES } from './hypernet.ts';

const FILES = `https://t2l.example/v1/adapters/${ADAPTER_ID}`;

/** Its document, right after it was made. */
export const adapter: z.input<typeof adapterSchema> = {
  id: ADAPTER_ID,
  repository: `t2l/${ADAPTER_ID}`,
  base_model: BASE_MODEL,
  fit: {
    score: 0.9427,
    verdict: 'good',
    reason: null,
    nearest: [
      { task: 'words/reverse_letters+join:-', similarity: 0.8187 },
      { task: 'digits/join:-', similarity: 0.8166 },
    ],
  },
  description: EXAMPLE,
  hypernet: HYPERNET,
  output: 'lora',
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
  card: `${FILES}/README.md`,
  cached: false,
  norms: {
    q_proj: [5.6, 6.689, 6.734, 5.59, 7.693, 6.945],
    v_proj: [6.255, 9.649, 10.03, 6.624, 18.37, 10.93],
  },
  timings_ms: { encode: 21, run: 9, pack: 2, hash: 0 },
  created_at: '2026-11-26T09:30:00.000Z',
};

/** A list with nothing else in it. */
export const adapterPage: z.input<typeof adapterPageSchema> = {
  adapters: [{ ...adapter, cached: true }],
  next_cursor: null,
};
