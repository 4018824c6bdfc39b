/** The playground at `/` as a reader uses it. Needs Chromium (Debian: `apt-get install chromium`). */
import { createHash } from 'node:crypto';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';
import { ANOTHER_EXAMPLE, EXAMPLE } from '../../src/contract/examples.ts';
import { registerBundle } from '../browser/register-bundle.ts';
import { wholeBundle } from '../fixtures/small-network.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import {
  accessibilityProblems,
  answers,
  appears,
  ask,
  generate,
  launch,
  overhang,
  type Playground,
  saidInTraining,
  shownId,
  visit,
} from './page.ts';

/** Without models and without ONNX Runtime. */
const MAX_FIRST_LOAD_BYTES = 150_000;
const PHONE = { viewport: { width: 320, height: 640 } };
const PATIENCE = { timeout: 60_000 };

interface UnseenTask {
  readonly name: string;
  readonly description: string;
  readonly samples: readonly { readonly prompt: string; readonly answer: string }[];
}

let server: TestServer;
let browser: Browser;
let reader: Playground;

beforeAll(async () => {
  server = await startServer();
  browser = await launch();
  reader = await visit(browser, server.origin);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('the first load is small, and has neither ONNX Runtime nor a model', async () => {
  const html = await (await server.fetch('/', { headers: { accept: 'text/html' } })).text();
  const linked = [...html.matchAll(/(?:src|href)="(\/playground\/[^"]+)"/g)].map(([, at]) => at);
  expect(linked.length).toBeGreaterThan(1);
  const files = await Promise.all(
    linked.map((path = '') => readFile(join(ROOT, 'src/assets', path))),
  );
  const sizes = [Buffer.from(html), ...files].map((bytes) => gzipSync(bytes).length);
  expect(sizes.reduce((sum, size) => sum + size, 0)).toBeLessThan(MAX_FIRST_LOAD_BYTES);
  const fetched = reader.requests.map((url) => new URL(url).pathname);
  expect(fetched).toEqual(expect.arrayContaining(linked));
  expect(fetched.filter((path) => /ort|worker|base-models|\.wasm/.test(path))).toEqual([]);
  expect(await accessibilityProblems(reader.page)).toEqual([]);
});

test('the page that a test builds is the one that is deployed, and says nothing of where it was built', async () => {
  const folder = join(ROOT, 'src/assets/playground');
  const scripts = (await readdir(folder)).filter((name) => /\.(js|html|css)$/.test(name));
  expect(scripts.length).toBeGreaterThan(2);
  for (const name of scripts) {
    expect((await readFile(join(folder, name), 'utf8')).includes(ROOT)).toBe(false);
  }
});

test('programs get JSON at the same place, browsers a page with a strict policy', async () => {
  for (const accept of ['*/*', 'application/json']) {
    const response = await server.fetch('/', { headers: { accept } });
    expect(response.headers.get('content-type')).toMatch(/^application\/json/);
  }
  const { headers } = await server.fetch('/', { headers: { accept: 'text/html' } });
  expect(headers.get('vary')).toBe('Accept');
  const policy = headers.get('content-security-policy');
  expect(policy).toMatch(/default-src 'none'/);
  expect(policy).not.toMatch(/unsafe|http|\*/);
  const known = { accept: 'text/html', 'if-none-match': headers.get('etag') ?? '' };
  expect((await server.fetch('/', { headers: known })).status).toBe(304);
});

test('a bad description is refused in words', async () => {
  const { page } = reader;
  await page.getByLabel('The task, in a sentence').fill('   ');
  await page.keyboard.press('Control+Enter');
  const alert = page.getByRole('alert').filter({ hasText: 'The description is empty' });
  await appears(alert);
  expect(await accessibilityProblems(page)).toEqual([]);
});

test('a sentence of an unseen task makes the base model do it', async () => {
  const { page } = reader;
  const task = await unseenTask('words/ends+capitalise');
  await generate(page, task.description);
  await appears(page.locator('.verdict'));
  const { prompt = '', answer = '' } = task.samples[0] ?? {};
  const told = await ask(page, prompt.replace(' -> ', ''));
  expect(told.adapted).toBe(answer);
  expect(told.base).not.toBe(answer);
  expect(reader.requests.some((url) => url.endsWith('.wasm'))).toBe(true);
  expect(await page.locator('.stages li').allTextContents()).toEqual(
    expect.arrayContaining([expect.stringMatching(/^run the hypernetwork \d+ ms$/)]),
  );
  expect(await accessibilityProblems(page)).toEqual([]);
});

test('the map shows the description among the training tasks, and one of them fills the box', async () => {
  const { page } = reader;
  await generate(page, EXAMPLE);
  const map = page.getByRole('img', { name: /training tasks, nearest to words\/reverse/ });
  await appears(map);
  await map.locator('.here').click({ force: true });
  const named = page.locator('.task-map figcaption code');
  await appears(named);
  const box = page.getByRole('textbox', { name: 'The task, in a sentence' });
  const task = (await named.textContent()) ?? '';
  await expect.poll(() => box.inputValue()).toBe(await saidInTraining(server.origin, task));
  expect(await accessibilityProblems(page)).toEqual([]);
});

test('every input that is offered gets its right answer', async () => {
  const { page } = reader;
  await generate(page, EXAMPLE);
  const chips = page.locator('.ask + .chips button');
  const inputs = await chips.allTextContents();
  expect(inputs.length).toBeGreaterThan(2);
  for (const [index, input] of inputs.entries()) {
    await chips.nth(index).click();
    const { adapted } = await answers(page);
    expect(adapted).toBe(input.split(' ').reverse().join(' '));
  }
  const { adapted } = await ask(page, '');
  expect(adapted).toMatch(/empty/);
});

test('another strength is another adapter with other answers and norms', async () => {
  const { page } = reader;
  const first = await generate(page, EXAMPLE);
  const { adapted } = await ask(page, 'cat sun map');
  const bar = page.locator('.charts rect').first();
  const height = Number(await bar.getAttribute('height'));
  const slider = page.getByRole('slider', { name: 'strength' });
  await slider.focus();
  await page.keyboard.press('Home');
  await expect.poll(() => shownId(page), PATIENCE).not.toBe(first);
  const weak = await answers(page);
  expect(weak.adapted).not.toBe(adapted);
  expect(weak.adapted).toBe(weak.base);
  const { strength } = (await (
    await server.fetch(`/v1/adapters/${await shownId(page)}`)
  ).json()) as {
    strength: number;
  };
  expect(strength).toBe(0.05);
  expect(Number(await bar.getAttribute('height'))).toBeLessThan(height / 5);
});

test('two descriptions answer the same input side by side, and a link shows both elsewhere', async () => {
  const { page } = reader;
  const first = await generate(page, EXAMPLE);
  await page.getByRole('button', { name: 'Compare with another description' }).click();
  await page.getByLabel('Another task, for comparison').fill(ANOTHER_EXAMPLE);
  await page.keyboard.press('Control+Enter');
  await appears(page.locator('[data-answer=compared]'));
  const told = await ask(page, 'cat sun map');
  expect(told).toMatchObject({ adapted: 'map sun cat', compared: 'cat map sun' });
  expect(await accessibilityProblems(page)).toEqual([]);
  const url = page.url();
  expect(new URL(url).hash).toMatch(new RegExp(`^#${first},[0-9a-f]{64}$`));
  const other = await visit(browser, url, { colorScheme: 'dark' });
  await appears(other.page.locator('[data-answer=compared]'));
  expect(await shownId(other.page)).toBe(first);
  expect(await other.page.getByLabel('The task, in a sentence').inputValue()).toBe(EXAMPLE);
  const paper = await other.page.evaluate<string>(
    'getComputedStyle(document.body).backgroundColor',
  );
  expect(Math.max(...(paper.match(/\d+/g) ?? []).map(Number))).toBeLessThan(64);
  expect(await accessibilityProblems(other.page)).toEqual([]);
  expect(other.complaints).toEqual([]);
  await other.close();
  await page.getByRole('button', { name: 'Compare no more' }).click();
  expect(new URL(page.url()).hash).toBe(`#${first}`);
});

test('what is downloaded has the sha256 that is shown', async () => {
  const { page } = reader;
  await page.getByText('As mlx').click();
  const rows = page.locator('.files li').filter({ hasText: 'sha256' });
  await expect.poll(() => rows.count(), PATIENCE).toBeGreaterThan(3);
  await expect.poll(() => rows.filter({ hasText: '…' }).count(), PATIENCE).toBe(0);
  const files = await rows.all();
  for (const file of files) {
    const [download] = await Promise.all([
      page.waitForEvent('download'),
      file.getByRole('link').click(),
    ]);
    const bytes = await readFile(await download.path());
    const sha256 = createHash('sha256').update(bytes).digest('hex');
    expect(await file.textContent()).toContain(sha256);
  }
});

test('the lines to paste come from the card and name this endpoint', async () => {
  const { page } = reader;
  await page.getByText('vLLM', { exact: true }).click();
  const lines = page.getByRole('region', { name: 'vLLM lines' });
  await appears(lines);
  expect(await lines.textContent()).toContain(`HF_ENDPOINT=${server.origin} `);
  expect(await page.getByRole('region', { name: 'curl line' }).textContent()).toContain(
    `${server.origin}/v1/adapters`,
  );
});

test('an adapter of a base model that does not run here comes with lines to paste', async () => {
  const bundle = wholeBundle();
  await registerBundle(server, bundle, { authorization: `Bearer ${ADMIN_TOKEN}` });
  const { name, version, encoder, target } = bundle.manifest;
  const embedding = Array.from({ length: encoder.dim }, (_, at) => Math.sin(at));
  const made = await server.send('/v1/adapters', {
    embedding,
    hypernet: `${name}@${version}`,
  });
  const { id } = (await made.json()) as { id: string };
  const { page, requests, complaints, close } = await visit(browser, `${server.origin}/#${id}`);
  await appears(page.getByText(`${target.base_model.id} does not run in this page`));
  await page.getByText('PEFT', { exact: true }).click();
  const lines = page.getByRole('region', { name: 'PEFT lines' });
  expect(await lines.textContent()).toContain('PeftModel.from_pretrained');
  // Nothing was written that could be written again at another strength.
  expect(await page.getByRole('slider').count()).toBe(0);
  expect(requests.filter((url) => /\.wasm|\/base-models\/index|\.gguf/.test(url))).toEqual([]);
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('a link to an adapter that is not there says so', async () => {
  const { page, close } = await visit(browser, `${server.origin}/#${'0'.repeat(64)}`);
  await appears(page.getByRole('alert').filter({ hasText: 'There is no such adapter' }));
  await close();
});

test('the history survives a visit and can be forgotten', async () => {
  const { page } = reader;
  await page.goto(server.origin);
  await page.reload();
  const entry = page.locator('.history').getByRole('link', { name: EXAMPLE }).first();
  await entry.click();
  await appears(page.locator('[data-adapter]'));
  expect(await page.getByLabel('The task, in a sentence').inputValue()).toBe(EXAMPLE);
  await page.getByRole('button', { name: 'Forget all' }).click();
  expect(await page.locator('.history').count()).toBe(0);
});

test('a phone shows everything without scrolling sideways', async () => {
  const url = reader.page.url();
  const { page, complaints, close } = await visit(browser, url, PHONE);
  await appears(page.locator('[data-answer=adapted]'));
  for (const summary of await page.locator('summary').all()) {
    await summary.click();
  }
  expect(await overhang(page)).toBe(0);
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(complaints).toEqual([]);
  await close();
});

test('offline and without the endpoint it says so, and keeps what was written', async () => {
  const { page } = reader;
  const context = page.context();
  const box = page.getByLabel('The task, in a sentence');
  await box.fill('Sort the words from z to a.');
  await context.setOffline(true);
  await page.keyboard.press('Control+Enter');
  await appears(page.getByRole('alert').filter({ hasText: 'You are offline' }));
  await context.setOffline(false);
  await page.route('**/v1/adapters', (route) => route.abort('connectionrefused'));
  await page.getByRole('button', { name: 'Try again' }).click();
  await appears(page.getByRole('alert').filter({ hasText: 'The endpoint does not answer' }));
  await page.unroute('**/v1/adapters');
  expect(await box.inputValue()).toBe('Sort the words from z to a.');
  const before = await shownId(page);
  await page.getByRole('button', { name: 'Try again' }).click();
  await expect.poll(() => shownId(page), PATIENCE).not.toBe(before);
});

test('what an endpoint in between refuses is said in its words', async () => {
  const { page } = reader;
  const problem = { code: 'rate_limited', title: 'x', status: 429, detail: 'Thirty a minute.' };
  await page.route('**/v1/adapters', (route) =>
    route.fulfill({
      status: 429,
      headers: { 'content-type': 'application/problem+json', 'retry-after': '20' },
      body: JSON.stringify(problem),
    }),
  );
  await page.getByRole('button', { name: /^Generate/ }).click();
  const alert = page.getByRole('alert');
  await appears(alert.filter({ hasText: 'Thirty a minute. Try again in 20 s.' }));
  await page.unroute('**/v1/adapters');
  await page.route('**/v1/adapters', (route) =>
    route.fulfill({ status: 403, contentType: 'text/html', body: '<title>Access</title>' }),
  );
  await page.getByRole('button', { name: 'Try again' }).click();
  await appears(alert.filter({ hasText: 'does not let you in (status 403)' }));
  await page.unroute('**/v1/adapters');
});

test('the browser had nothing to complain of, and asked nobody else', () => {
  expect(reader.complaints).toEqual([]);
  expect(reader.requests.filter((url) => !url.startsWith(`${server.origin}/`))).toEqual([
    ...reader.requests.filter((url) => /^(data|blob):/.test(url)),
  ]);
});

async function unseenTask(name: string): Promise<UnseenTask> {
  const text = await readFile(join(ROOT, 'src/assets/demo/unseen-tasks.json'), 'utf8');
  const { tasks } = JSON.parse(text) as { tasks: readonly UnseenTask[] };
  const found = tasks.find((task) => task.name === name);
  if (found === undefined) {
    throw new Error(`no unseen task ${name}`);
  }
  return found;
}
