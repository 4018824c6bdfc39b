/** A base model of the Llama family in the page: offered, fetched once, kept, and the same as in Node. */
import { createHash } from 'node:crypto';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unpackPeft } from '../../src/adapter/unpack.ts';
import { openChatModel } from '../../src/lm/chat.ts';
import { baseModelKeys } from '../../src/store/base-models.ts';
import { registerBundle } from '../browser/register-bundle.ts';
import { tinyLlamaGguf } from '../fixtures/tiny-llama.ts';
import { EMBEDDING, TINY_LLAMA, tinyLlamaBundle } from '../fixtures/tiny-llama-bundle.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import {
  accessibilityProblems,
  answers,
  appears,
  ask,
  launch,
  type Playground,
  visit,
} from './page.ts';

let server: TestServer;
let browser: Browser;
let reader: Playground;
let id: string;

beforeAll(async () => {
  server = await startServer();
  browser = await launch();
  const bundle = tinyLlamaBundle();
  await registerBundle(server, bundle, { authorization: `Bearer ${ADMIN_TOKEN}` });
  const { name, version } = bundle.manifest;
  const request = { embedding: EMBEDDING, hypernet: `${name}@${version}` };
  const made = await server.send('/v1/adapters', request);
  ({ id } = (await made.json()) as { id: string });
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('where the endpoint has no file of the base model, the page says how to put one there', async () => {
  const { page, requests, complaints, close } = await visit(browser, `${server.origin}/#${id}`);
  await appears(page.getByText(`${TINY_LLAMA} does not run in this page`));
  await appears(page.getByText('npm run base-model'));
  expect(requests.filter((url) => url.endsWith('.wasm'))).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test.each([
  ['what it has', '**/v1/base-models/**'],
  ['the part of the page that runs models', '**/playground/worker-*.js'],
])('without an answer to %s, the page does not say that there is none', async (_what, pattern) => {
  const { page, close } = await visit(browser, `${server.origin}/#${id}`, {}, async (before) => {
    await before.route(pattern, (route) => route.abort('connectionrefused'));
  });
  await appears(page.getByText(`Whether ${TINY_LLAMA} runs in this page is not known`));
  expect(await page.getByText('npm run base-model').count()).toBe(0);
  await page.unroute(pattern);
  await page.getByRole('button', { name: 'Ask again' }).click();
  await appears(page.getByText(`${TINY_LLAMA} does not run in this page`));
  await close();
});

test('it is offered with its size, and answers as it does in Node', async () => {
  const gguf = await tinyLlamaGguf();
  const keys = baseModelKeys(TINY_LLAMA);
  const note = { bytes: gguf.length, sha256: createHash('sha256').update(gguf).digest('hex') };
  await server.env.HYPERNETS.put(keys.file, gguf);
  await server.env.HYPERNETS.put(keys.note, JSON.stringify(note));

  reader = await visit(browser, `${server.origin}/#${id}`);
  const { page } = reader;
  const button = page.getByRole('button', { name: 'Download the model (0 MB)' });
  await appears(button);
  await appears(page.getByText('on its processor (WebAssembly)'));
  expect(reader.requests.filter((url) => url.endsWith('.gguf'))).toEqual([]);
  expect(await accessibilityProblems(page)).toEqual([]);
  await button.click();
  await appears(page.getByLabel('Your input'));
  const told = await ask(page, 'happy');

  const model = await openChatModel(TINY_LLAMA, tinyLlamaGguf);
  const weights = await server.fetch(`/v1/adapters/${id}/adapter_model.safetensors`);
  const lora = unpackPeft(new Uint8Array(await weights.arrayBuffer()));
  const [base = ''] = await model.answer(['happy']);
  const [adapted = ''] = await model.answer(['happy'], lora);
  // The page's elements fold white space.
  expect(told).toEqual({ base, adapted });
  expect(base).not.toBe(adapted);
  expect(await accessibilityProblems(page)).toEqual([]);
});

test('another question stops the one before it, and the last one is answered', async () => {
  const { page } = reader;
  await page.getByLabel('Your input').fill('🙂 cat, dog');
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  const first = await ask(page, 'What is 2 + 2?');
  const second = await ask(page, '🙂 cat, dog');
  expect(first).not.toEqual(second);
  expect(await answers(page)).toEqual(second);
});

test('a second visit fetches nothing of it', async () => {
  const { page } = reader;
  const before = reader.requests.length;
  await page.reload();
  await page.getByRole('button', { name: 'Open the model' }).click();
  const told = await ask(page, 'happy');
  expect(told.base).not.toBe('');
  const fetched = reader.requests.slice(before);
  expect(fetched.filter((url) => url.endsWith('.gguf'))).toEqual([]);
  expect(reader.complaints).toEqual([]);
  await reader.close();
});
