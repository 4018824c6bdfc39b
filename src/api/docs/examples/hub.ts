/** The adapter of the examples as a repository in the protocol of the Hugging Face Hub. */
import type * as z from 'zod';
import type {
  commitsSchema,
  modelInfoSchema,
  refsSchema,
  treeSchema,
} from '../../hub/documents.ts';
import { ADAPTER_ID, WEIGHTS_SHA256 } from '../names.ts';
import { adapter } from './adapter.ts';
import { BASE_MODEL } from './hypernet.ts';

const COMMIT = ADAPTER_ID.slice(0, 40);
/** The file that examples name. */
export const WEIGHTS = 'adapter_model.safetensors';
const POINTER_BYTES = 130;

/** What the repository is. */
export const hubModel: z.input<typeof modelInfoSchema> = {
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

/** One of its files. */
export const hubEntry: z.input<typeof treeSchema>[number] = {
  type: 'file',
  oid: 'c1a5d0f2e4b6978899aabbccddeeff0011223344',
  size: 76784,
  path: WEIGHTS,
  lfs: { oid: WEIGHTS_SHA256, size: 76784, pointerSize: POINTER_BYTES },
};

/** Its only commit. */
export const hubCommit: z.input<typeof commitsSchema>[number] = {
  id: COMMIT,
  title: 'As generated',
  message: '',
  authors: [{ user: 't2l' }],
  date: adapter.created_at,
};

/** Its only branch. */
export const hubRefs: z.input<typeof refsSchema> = {
  branches: [{ name: 'main', ref: 'refs/heads/main', targetCommit: COMMIT }],
  converts: [],
  tags: [],
  pullRequests: [],
};
