import { expect, test } from 'vitest';
import { T2lError } from '../../src/contract/errors.ts';
import { type PublishOptions, publishToWorkersAi } from '../../src/publish/workers-ai.ts';
import { config, DOCUMENT, FILES, weights } from './adapter.ts';

/** The error of a publication, which must come before any request. */
async function problemOf(options: Partial<PublishOptions>): Promise<T2lError> {
  let requests = 0;
  const published = publishToWorkersAi({
    accountId: '0'.repeat(32),
    apiToken: 'token',
    document: DOCUMENT,
    files: FILES,
    fetch: async () => {
      requests += 1;
      return new Response('', { status: 400 });
    },
    ...options,
  });
  const error = await published.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  expect(requests).toBe(0);
  if (!(error instanceof T2lError)) {
    throw new Error(`expected a T2lError, got ${String(error)}`);
  }
  expect(error).toMatchObject({ code: 'publish_unsuitable', status: 422 });
  return error;
}

test.each<[string, Partial<PublishOptions>, string]>([
  [
    'a rank over 32',
    {
      document: { ...DOCUMENT, rank: 64 },
      files: { ...FILES, config: config({ r: 64 }) },
    },
    'the rank is 64; it must be 32 or less, and 8 is safe',
  ],
  [
    'a DoRA',
    { files: { ...FILES, config: config({ use_dora: true }) } },
    'is that of a DoRA adapter; Workers AI takes LoRA adapters',
  ],
  [
    'float32 weights',
    { files: { ...FILES, weights: weights('F32') } },
    'is in F32; it must be in float16',
  ],
  [
    'bfloat16 weights',
    { files: { ...FILES, weights: weights('BF16') } },
    'is in BF16; it must be in float16',
  ],
  [
    'weights that are no safetensors',
    { files: { ...FILES, weights: new Uint8Array(4) } },
    'shorter than its length field',
  ],
  [
    '300 MB',
    { files: { ...FILES, weights: new Uint8Array(300_000_000) } },
    'has 300000000 bytes; it must have less than 300000000',
  ],
  [
    'a config without model_type',
    { files: { ...FILES, config: config({ model_type: undefined }) } },
    'no model_type; it must be mistral, gemma, llama',
  ],
  [
    'a model_type that Workers AI does not know',
    { files: { ...FILES, config: config({ model_type: 'gemma2' }) } },
    'the model_type "gemma2"',
  ],
  [
    'a config of another adapter',
    { files: { ...FILES, config: config({ r: 4 }) } },
    'of rank 4 for mistralai/Mistral-7B-Instruct-v0.2, and the adapter document of rank 8',
  ],
  [
    'a config that is not JSON',
    { files: { ...FILES, config: Uint8Array.of(0xff) } },
    'adapter_config.json is not JSON',
  ],
  [
    'a base model that Workers AI does not have',
    { document: { ...DOCUMENT, base_model: 'google/gemma-2-2b-it' } },
    'no model of Workers AI is known to take adapters for google/gemma-2-2b-it',
  ],
  ['a reserved name', { name: 'cf-public-mine' }, 'which is reserved'],
  ['a name with a slash', { name: 'a/b' }, 'letters, digits, dots, hyphens'],
  ['an empty name', { name: '' }, 'letters, digits, dots, hyphens'],
  ['a model that is none', { model: 'mistral' }, 'a name like @cf/owner/model-lora'],
  ['an account id that is none', { accountId: 'me/you' }, 'is not 32 hex digits'],
])('%s is refused before anything is sent', async (_case, options, problem) => {
  expect((await problemOf(options)).detail).toContain(problem);
});

test('everything that is wrong is said at once', async () => {
  const error = await problemOf({
    name: 'cf-public-x',
    files: { config: config({ model_type: 'qwen2' }), weights: weights('F32') },
  });
  expect(error.extra.problems).toHaveLength(3);
});
