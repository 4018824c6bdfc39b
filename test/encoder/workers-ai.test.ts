import { expect, test, vi } from 'vitest';
import type { Bundle } from '../../src/bundle/bundle.ts';
import type { Manifest } from '../../src/bundle/manifest.ts';
import { loadEncoder } from '../../src/encoder/index.ts';
import type { TextEmbedder } from '../../src/encoder/workers-ai.ts';
import { smallManifest } from '../fixtures/manifest.ts';

/** Workers AI has no local simulator: this stands for the binding and records what it is asked. */
function binding(answer: unknown): TextEmbedder & { asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    async run(...request) {
      asked.push(request);
      if (answer instanceof Error) {
        throw answer;
      }
      return answer;
    },
  };
}

async function encode(ai: TextEmbedder, model: string, pooling: Manifest['encoder']['pooling']) {
  const manifest = smallManifest();
  manifest.encoder = {
    ...manifest.encoder,
    kind: 'workers-ai',
    model,
    pooling,
  } as Manifest['encoder'];
  const bundle: Bundle = { manifest, digest: '', read: () => Promise.reject(new Error()) };
  return (await loadEncoder(bundle, { ai })).encode('reverse it');
}

test('the bge models are told how to pool', async () => {
  const ai = binding({ shape: [1, 3], data: [[3, 0, 4]], pooling: 'cls' });
  const vector = await encode(ai, '@cf/baai/bge-base-en-v1.5', 'cls');
  expect(vector).toEqual(Float32Array.of(0.6, 0, 0.8));
  expect(ai.asked).toEqual([
    ['@cf/baai/bge-base-en-v1.5', { text: ['reverse it'], pooling: 'cls' }],
  ]);
});

test('other models do not know the parameter', async () => {
  const ai = binding({ shape: [1, 3], data: [[3, 0, 4]] });
  await encode(ai, '@cf/google/embeddinggemma-300m', 'mean');
  expect(ai.asked).toEqual([['@cf/google/embeddinggemma-300m', { text: ['reverse it'] }]]);
});

test.each([
  ['no data', {}],
  ['no vector', { data: [] }],
  [
    'two vectors',
    {
      data: [
        [1, 2, 3],
        [1, 2, 3],
      ],
    },
  ],
  ['another dimension', { data: [[1, 2]] }],
  ['a request id of a batch', { request_id: 'x' }],
])('an answer with %s is refused', async (_case, answer) => {
  await expect(encode(binding(answer), '@cf/baai/bge-m3', 'cls')).rejects.toThrow(
    expect.objectContaining({ code: 'encoder_answer_invalid', status: 502 }),
  );
});

test('the reason of a failure is logged, and the public is told that there was one', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const cause = new Error('3040: out of capacity of account 7f3a');
  const failing = encode(binding(cause), '@cf/baai/bge-m3', 'cls');
  await expect(failing).rejects.toThrow(expect.objectContaining({ code: 'encoder_unavailable' }));
  await expect(failing).rejects.not.toThrow(/7f3a/);
  expect(log).toHaveBeenCalledWith(expect.stringContaining(cause.message));
  log.mockRestore();
});
