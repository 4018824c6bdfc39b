/** The benchmark's measuring, on the bundle that ships: its figures are those of made adapters. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeAll, expect, test, vi } from 'vitest';
import { compareWith, comparisonTable } from '../../scripts/bench/against.ts';
import { comparedNetworks } from '../../scripts/bench/first-adapter.ts';
import { languageModelLine, measureLanguageModel } from '../../scripts/bench/language-model.ts';
import { measure } from '../../scripts/bench/measure.ts';
import { ROOT } from '../../scripts/environment.ts';
import { readBundleFolder } from '../../scripts/release/folder.ts';
import { miniBundleFolder } from './bundle-copy.ts';

// Networks of the sizes of real base models, which the exporter makes once for each of its versions.
beforeAll(async () => {
  await comparedNetworks();
});

test('a measurement has every step, and they add up to less than the whole', async () => {
  const folder = await readBundleFolder(await miniBundleFolder());
  const found = await measure({ folder, precision: 'int8', runs: 1 });
  const steps = Object.values(found.steps);
  expect(steps.every((ms) => ms >= 0)).toBe(true);
  expect(found.steps.encode).toBeGreaterThan(0);
  expect(found.steps.run).toBeGreaterThan(0);
  expect(steps.reduce((sum, ms) => sum + ms, 0)).toBeLessThanOrEqual(found.total);
  expect(found.first).toBeGreaterThanOrEqual(found.total);
  // The sampler saw the isolate, which holds at least the tokenizer and the code.
  expect(found.heap_samples).toBeGreaterThan(0);
  expect(found.heap_bytes).toBeGreaterThan(1e6);
  expect(found.peak_bytes).toBe(found.wasm_bytes + found.heap_bytes);
  expect(found.parts).toBe(1);
  // The graph, the 23 MB encoder and the runtime itself.
  expect(found.wasm_bytes).toBeGreaterThan(found.graph_bytes + 23e6);
});

test('a checkout is compared call by call, also with itself', async () => {
  const found = await compareWith(ROOT, 2);
  expect(found.length).toBeGreaterThan(5);
  for (const { call, rounds, before_ms, now_ms, ratio, interval } of found) {
    expect([call, rounds]).toEqual([call, 2]);
    expect(Math.min(before_ms, now_ms), call).toBeGreaterThan(0);
    expect(interval[0], call).toBeLessThanOrEqual(ratio);
    expect(interval[1], call).toBeGreaterThanOrEqual(ratio);
  }
  expect(comparisonTable(found).split('\n')).toHaveLength(found.length + 1);
});

test('where the language model cannot be fetched, the benchmark says so and goes on', async () => {
  vi.stubEnv('T2L_CACHE', join(tmpdir(), 'no-such-cache'));
  vi.stubEnv('PIP_NO_INDEX', '1');
  const found = await measureLanguageModel().finally(() => vi.unstubAllEnvs());
  expect(found).toBeUndefined();
  expect(languageModelLine(found)).toMatch(/SmolLM2.*: not measured/);
});

test('what is no checkout is refused before anything starts', async () => {
  await expect(compareWith('src', 2)).rejects.toThrow(/wrangler\.toml/);
});
