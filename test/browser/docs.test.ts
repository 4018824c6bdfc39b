/**
 * The reference page in a real browser that reaches nothing but the endpoint. Needs Chromium (Debian:
 * `apt-get install chromium`).
 */
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../server.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const PATIENCE = { timeout: 120_000 };

let server: TestServer;
let browser: Browser;
let page: Page;
let origin: string;
const complaints: string[] = [];
const strangers: string[] = [];

beforeAll(async () => {
  server = await startServer();
  origin = server.origin;
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  page = await browser.newPage();
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) {
      complaints.push(message.text());
    }
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  await page.route('**/*', async (route) => {
    const { protocol, origin: asked } = new URL(route.request().url());
    if (asked === origin || protocol === 'data:') {
      await route.continue();
    } else {
      strangers.push(route.request().url());
      await route.abort();
    }
  });
  await page.goto(`${origin}/docs`);
  await page.waitForSelector('.opblock-summary', PATIENCE);
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('lists every operation', async () => {
  const { paths } = (await (await server.fetch('/openapi.json')).json()) as {
    paths: Record<string, object>;
  };
  const wanted = Object.entries(paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${path}`),
  );
  // The page breaks long paths with characters of no width.
  const listed = await page.$$eval('.opblock-summary', (all) =>
    all.map((one) =>
      ['method', 'path']
        .map((part) => one.querySelector(`.opblock-summary-${part}`)?.textContent?.trim())
        .join(' ')
        .replaceAll('\u200b', ''),
    ),
  );
  expect(listed.sort()).toEqual(wanted.sort());
});

test('makes an adapter from the first example', async () => {
  const operation = page.locator('#operations-adapters-createAdapter');
  await operation.locator('.opblock-summary-control').click();
  await operation.locator('.try-out__btn').click();
  await operation.locator('button.execute').click();
  const answer = operation.locator('.live-responses-table .response').first();
  await answer.waitFor(PATIENCE);
  expect(await answer.locator('.response-col_status').first().textContent()).toMatch(/^201/);
  expect(await answer.textContent()).toContain('adapter_model.safetensors');
});

test('shows examples of errors by their code', async () => {
  const operation = page.locator('#operations-adapters-createAdapter');
  const codes = await operation
    .locator('.response[data-code="400"] select.examples-select-element option')
    .allTextContents();
  expect(codes).toContain('The description is empty');
});

test('the browser complains about nothing and asks nobody else', async () => {
  expect(complaints).toEqual([]);
  expect(strangers).toEqual([]);
  const policy = (await server.fetch('/docs')).headers.get('content-security-policy');
  expect(policy).toMatch(/default-src 'none'/);
  expect(policy).not.toMatch(/unsafe|http|\*/);
});
