/** GGUF files: read as the library of the Hugging Face Hub reads them, and refused with a sentence. */
import { join } from 'node:path';
import { gguf } from '@huggingface/gguf';
import { beforeAll, expect, test } from 'vitest';
import { type Gguf, readGguf } from '../../src/lm/gguf/reader.ts';
import { readTokenizer } from '../../src/lm/gguf/tokenizer.ts';
import { loadLlama } from '../../src/lm/llama/model.ts';
import { tinyLlamaGguf } from '../fixtures/tiny-llama.ts';

const PATH = join(import.meta.dirname, '../fixtures/tiny-llama.gguf');

let bytes: Uint8Array;
let file: Gguf;

beforeAll(async () => {
  bytes = await tinyLlamaGguf();
  file = readGguf(bytes);
});

/** The file with another value under a key. */
function changed(key: string, value: string | undefined): Gguf {
  const metadata = new Map(file.metadata);
  metadata.delete(key);
  return { ...file, metadata: value === undefined ? metadata : metadata.set(key, value) };
}

test('metadata and tensors are those that the hub reads', async () => {
  const { metadata, tensorInfos, tensorDataOffset } = await gguf(PATH, { allowLocalFile: true });
  const own = new Set(['version', 'tensor_count', 'kv_count']);
  const theirs = Object.entries(metadata).filter(([key]) => !own.has(key));
  expect([...file.metadata]).toEqual(theirs);
  expect([...file.tensors.values()]).toEqual(
    tensorInfos.map(({ name, shape, dtype, offset }) => ({
      name,
      shape: shape.map(Number).reverse(),
      type: dtype,
      start: Number(tensorDataOffset + offset),
    })),
  );
});

test.each([
  [
    'a file that is none',
    () => new TextEncoder().encode('x'.repeat(64)),
    /does not begin as a GGUF/,
  ],
  ['an empty file', () => new Uint8Array(), /does not begin/],
  ['a header that is cut off', () => bytes.subarray(0, 5000), /cut off/],
  ['a list of lists without end', () => nested(200_000), /an array of arrays/],
  ['a count that no file can hold', () => counting(2n ** 50n), /claims to hold/],
  ['tensors that are cut off', () => bytes.subarray(0, bytes.length - 100), /is cut off/],
])('%s is refused', async (_case, make, problem) => {
  await expect(loadLlama(make())).rejects.toThrow(problem);
  await expect(loadLlama(make())).rejects.toMatchObject({ code: 'base_model_invalid' });
});

test('a tokenizer that is not known is refused, not guessed', () => {
  expect(() => readTokenizer(changed('tokenizer.ggml.pre', 'new'))).toThrow(/splits text as new/);
  expect(() => readTokenizer(changed('tokenizer.ggml.model', 'llama'))).toThrow(/is llama and/);
  expect(() => readTokenizer(changed('tokenizer.ggml.tokens', undefined))).toThrow(/list of texts/);
});

/** A header: magic, version 3, no tensors, so many entries. */
function counting(entries: bigint): Uint8Array {
  const header = Buffer.alloc(24);
  header.write('GGUF');
  header.writeUInt32LE(3, 4);
  header.writeBigUInt64LE(entries, 16);
  return header;
}

/** One entry, `a`, which is a list of one list of one list ... */
function nested(depth: number): Uint8Array {
  const key = Buffer.alloc(13);
  key.writeBigUInt64LE(1n);
  key.write('a', 8);
  key.writeUInt32LE(9, 9);
  const list = Buffer.alloc(12);
  list.writeUInt32LE(9);
  list.writeBigUInt64LE(1n, 4);
  return Buffer.concat([counting(1n), key, ...Array.from({ length: depth }, () => list)]);
}
