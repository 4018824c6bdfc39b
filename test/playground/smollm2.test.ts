/**
 * A real language model in the page: SmolLM2-135M-Instruct, with the adapter of a task that the
 * hypernetwork was not trained on, does what the description says, and without it does not. Skipped,
 * with the reason, where the model's wheel cannot be fetched.
 */
import { readFile } from 'node:fs/promises';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { baseModelKeys } from '../../src/store/base-models.ts';
import { SMOLLM2, SOURCE, smollm2Bundle, smollm2Gguf } from '../fixtures/smollm2.ts';
import { startServer, type TestServer } from '../server.ts';
import { ask, launch, visit } from './page.ts';

// The page reads 98 MB, and widens them to floats.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

/** A task of `src/assets/demo/t2l-smollm2.json`, which are unseen ones. */
const DESCRIPTION = 'Select the last term from the series. Once finished, precede it by "Today:"';
const INPUT = 'water, neck, bugle, lute, village';
const ANSWER = 'Today: village';

const gguf = await smollm2Gguf();
let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  server = await startServer();
  browser = await launch();
  if ('path' in gguf) {
    const bytes = await readFile(gguf.path);
    const keys = baseModelKeys(SMOLLM2);
    // The proxy to workerd may find its connection closed after a pause; a put can be repeated.
    await server.env.HYPERNETS.put(keys.file, bytes).catch(() =>
      server.env.HYPERNETS.put(keys.file, bytes),
    );
    const note = { bytes: bytes.length, sha256: SOURCE.sha256 };
    await server.env.HYPERNETS.put(keys.note, JSON.stringify(note));
  }
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('a described task changes what a language model answers in the page', async ({ skip }) => {
  skip('reason' in gguf, 'reason' in gguf ? gguf.reason : '');
  expect((await smollm2Bundle()).ships).toBe(true);
  const request = { description: DESCRIPTION, hypernet: 't2l-smollm2' };
  const made = await server.send('/v1/adapters', request);
  const { id, base_model } = adapterSchema.parse(await made.json());
  expect(base_model).toBe(SMOLLM2);
  const { page, complaints, close } = await visit(browser, `${server.origin}/#${id}`);
  await page.getByRole('button', { name: 'Download the model (98 MB)' }).click();
  await page.getByLabel('Your input').waitFor({ timeout: 300_000 });
  const { base, adapted } = await ask(page, INPUT);
  expect(adapted).toBe(ANSWER);
  expect(base).not.toContain(ANSWER);
  expect(complaints).toEqual([]);
  await close();
});
