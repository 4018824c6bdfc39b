import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type AdapterKey, adapterId, sha256Hex } from '../../src/contract/adapter-id.ts';

const KEY: AdapterKey = {
  digest: 'ab'.repeat(32),
  precision: 'int8',
  dtype: 'float16',
  strength: 1,
  input: { description: 'Reverse the list' },
};

function sha256(data: string | Buffer): string {
  return createHash('sha256').update(data).digest('hex');
}

test('the id of a description is the hash that the design document spells out', async () => {
  const text = `t2l-adapter/2\n${KEY.digest}\nint8\nfloat16\n1\ndescription:Reverse the list`;
  expect(await adapterId(KEY)).toBe(sha256(text));
  // A literal, so that a change of both sides at once is noticed: it would orphan stored adapters.
  expect(await adapterId(KEY)).toBe(
    '60d9bce1a299e11026318091c7e9931f46476508b1d92c18ffd3af8fe340344c',
  );
});

test('the description is normalised first', async () => {
  const untidy = { ...KEY, input: { description: '  Reverse\n the   list ' } };
  expect(await adapterId(untidy)).toBe(await adapterId(KEY));
});

test('the id of an embedding hashes its float32 little-endian bytes', async () => {
  const embedding = Float32Array.of(0.1, -2, 3e-40);
  const bytes = Buffer.alloc(12);
  embedding.forEach((value, index) => {
    bytes.writeFloatLE(value, 4 * index);
  });
  const text = `t2l-adapter/2\n${KEY.digest}\nint8\nfloat16\n0.5\nembedding:${sha256(bytes)}`;
  expect(await adapterId({ ...KEY, strength: 0.5, input: { embedding } })).toBe(sha256(text));
});

test('every field changes the id', async () => {
  const others: AdapterKey[] = [
    { ...KEY, digest: 'cd'.repeat(32) },
    { ...KEY, precision: 'float32' },
    { ...KEY, dtype: 'bfloat16' },
    { ...KEY, strength: 1.5 },
    { ...KEY, input: { description: 'reverse the list' } },
    { ...KEY, input: { embedding: Float32Array.of(1) } },
  ];
  const ids = await Promise.all([KEY, ...others].map(adapterId));
  expect(new Set(ids).size).toBe(ids.length);
});

test('sha256 of a known text', async () => {
  expect(await sha256Hex(new TextEncoder().encode('abc'))).toBe(
    'ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad',
  );
});
