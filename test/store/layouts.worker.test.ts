import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import { layoutStore } from '../../src/store/layouts.ts';

const store = layoutStore(env.DB);
const [A, B] = ['a', 'b'].map((digit) => digit.repeat(64)) as [string, string];

test('the first making of a file is what later ones are held to', async () => {
  expect(await store.firstMade('one', 'one gguf', A)).toBe(A);
  expect(await store.firstMade('one', 'one gguf', B)).toBe(A);
  expect(await store.firstMade('one', 'one mlx', B)).toBe(B);
  const both = [store.firstMade('two', 'two gguf', A), store.firstMade('two', 'two gguf', B)];
  const [first, second] = await Promise.all(both);
  expect(first).toBe(second);
});

test('what is noted of an adapter goes with it', async () => {
  await store.firstMade('three', 'three gguf', A);
  await store.firstMade('four', 'four gguf', A);
  await store.remove('three');
  expect(await store.firstMade('three', 'three gguf', B)).toBe(B);
  expect(await store.firstMade('four', 'four gguf', B)).toBe(A);
});
