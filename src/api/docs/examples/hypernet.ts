/** The hypernetwork of the examples; it has one version, which made their adapter. */
import type * as z from 'zod';
import type { hypernetListSchema, hypernetSchema } from '../../../contract/documents/hypernet.ts';
import { DIGEST } from '../names.ts';

/** How adapters name it. */
export const HYPERNET = { name: 't2l-mini', version: '1.0.0', digest: DIGEST };
/** The base model that it makes adapters for. */
export const BASE_MODEL = 't2l-edge/t2l-mini-base';
/** The target modules of that base model. */
export const MODULES = ['q_proj', 'v_proj'];
const ENCODER = { kind: 'onnx', model: 't2l-edge/minilm-l6-t2l', dim: 384 };

/** Its document. */
export const hypernet: z.input<typeof hypernetSchema> = {
  name: HYPERNET.name,
  active: DIGEST,
  previous: null,
  canary: null,
  versions: [
    {
      version: HYPERNET.version,
      digest: DIGEST,
      origin: 'built-in',
      registered_at: null,
      yanked: null,
      variant: 'S',
      base_model: {
        id: BASE_MODEL,
        revision: 'a2cc192b3896bdf202dbde225509381e7cdb6c47',
        architecture: 'llama',
        license: 'apache-2.0',
      },
      output: 'lora',
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
      fit: {
        tasks: 1295,
        sizes:
          'Trained on three or four words, three to five digits, and strings of four or five letters. ' +
          'There it is right on nine in ten inputs of tasks that it does well; on shorter or longer ' +
          'inputs it is mostly wrong (two words 22%, five words 11%).',
      },
      evaluation: {
        unseen: { conditions: { int8: { exact_match: 0.656, interval: [0.595, 0.719] } } },
      },
      training: { seeds: { sft: 0 }, tasks: 1295 },
    },
  ],
  activations: [
    {
      at: '2026-05-04T10:00:00.000Z',
      from: null,
      to: DIGEST,
      percent: 100,
      reason: 'The first release.',
    },
  ],
};

/** A list with nothing else in it. */
export const hypernetList: z.input<typeof hypernetListSchema> = {
  default: HYPERNET.name,
  hypernets: [hypernet],
};
