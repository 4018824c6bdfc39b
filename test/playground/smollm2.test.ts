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
import { SHOWN, SMOLLM2, SOURCE, smollm2Bundle, smollm2Gguf } from '../fixtures/smollm2.ts';
import { startServer, type TestServer } from '../server.ts';
import { ask, launch, visit } from './page.ts';

// The page reads 98 MB, and widens them to floats.
vi.setConfig({ testTimeout: 600_000, hookTimeout: 600_000 });

/** A task of `src/assets/demo/t2l-smollm2.json`, which are unseen ones. */
const UNSEEN = {
  description:
    'determine how many birthdays the individual has had >> flank the outcome with round brackets',
  input: 'Gloria Fisher, a doctor from Buenos Aires, turned 33 on September 10.',
  answer: '(33)',
};

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
  const ids: string[] = [];
  for (const { description } of [UNSEEN, SHOWN]) {
    const made = await server.send('/v1/adapters', { description, hypernet: 't2l-smollm2' });
    const { id, base_model } = adapterSchema.parse(await made.json());
    expect(base_model).toBe(SMOLLM2);
    ids.push(id);
  }
  const { page, complaints, close } = await visit(browser, `${server.origin}/#${ids[0]}`);
  await page.getByRole('button', { name: 'Download the model (98 MB)' }).click();
  await page.getByLabel('Your input').waitFor({ timeout: 300_000 });
  const unseen = await ask(page, UNSEEN.input);
  expect(unseen.adapted).toBe(UNSEEN.answer);
  expect(unseen.base).not.toContain(UNSEEN.answer);
  await page.goto(`${server.origin}/#${ids[1]}`);
  await page.reload();
  await page.getByRole('button', { name: 'Open the model' }).click();
  await page.getByLabel('Your input').waitFor({ timeout: 300_000 });
  const shown = await ask(page, SHOWN.input);
  expect(shown.adapted).toBe(SHOWN.answer);
  expect(complaints).toEqual([]);
  await close();
});
