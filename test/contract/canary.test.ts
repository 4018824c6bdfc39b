/** Which descriptions a canary answers for: a fixed part of them, and the same ones every time. */
import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { canaryAnswers } from '../../src/contract/canary.ts';

const DIGEST = 'a'.repeat(64);
const DESCRIPTIONS = Array.from({ length: 1000 }, (_, at) => `Keep word number ${at}.`);

async function answered(percent: number, digest = DIGEST): Promise<ReadonlySet<string>> {
  const all = DESCRIPTIONS.map(async (one) => [one, await canaryAnswers({ digest, percent }, one)]);
  return new Set((await Promise.all(all)).flatMap(([one, does]) => (does ? [String(one)] : [])));
}

test('it is a part of about that size, and a larger one has all of a smaller one', async () => {
  const [few, some, most] = await Promise.all([answered(1), answered(10), answered(99)]);
  // Of 1000, four standard deviations.
  expect(Math.abs(few.size - 10)).toBeLessThan(13);
  expect(Math.abs(some.size - 100)).toBeLessThan(38);
  expect(most.size).toBeGreaterThan(970);
  expect([...few].every((one) => some.has(one))).toBe(true);
  expect([...some].every((one) => most.has(one))).toBe(true);
  expect(await answered(10)).toEqual(some);
});

test('another canary is tried on others', async () => {
  const [one, other] = await Promise.all([answered(50), answered(50, 'b'.repeat(64))]);
  const both = [...one].filter((description) => other.has(description)).length;
  expect(both).toBeGreaterThan(180);
  expect(both).toBeLessThan(320);
});

test('anyone can compute it: sha256 of a tag, the digest and the description in the form of its id', async () => {
  const text = `t2l-canary/1\n${DIGEST}\nReverse the words.`;
  const hash = createHash('sha256').update(text).digest();
  const part = (100 * hash.readUInt32BE(0)) / 2 ** 32;
  for (const description of ['Reverse the words.', ' Reverse  the words. ']) {
    const at = (percent: number) => canaryAnswers({ digest: DIGEST, percent }, description);
    expect([await at(Math.floor(part)), await at(Math.ceil(part))]).toEqual([false, true]);
  }
});
