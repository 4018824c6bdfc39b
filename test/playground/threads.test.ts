/**
 * The base model on several threads, in a real Chromium: the page is isolated from others, so that its
 * workers may share memory; where it is not, because something between took the headers away, one thread
 * gives the same answers.
 */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { EXAMPLE } from '../../src/contract/examples.ts';
import { startServer, type TestServer } from '../server.ts';
import { ask, launch, visit } from './page.ts';

vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

/** A thread is a worker with ONNX Runtime's own module. */
const THREAD = /\/ort-wasm-simd-threaded[^/]*\.mjs$/;
const ISOLATING = ['cross-origin-opener-policy', 'cross-origin-embedder-policy'];
const INPUT = 'cat sun map';
/** What the page is told, whatever machine this is. */
const CORES = 4;

let server: TestServer;
let browser: Browser;
let id: string;

beforeAll(async () => {
  server = await startServer();
  browser = await launch();
  const made = await server.send('/v1/adapters', { description: EXAMPLE });
  ({ id } = (await made.json()) as { id: string });
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test('isolated it answers on several threads, and without that on one, alike', async () => {
  const isolated = await visit(browser, `${server.origin}/#${id}`, {}, withCores);
  expect(await isolated.page.evaluate('crossOriginIsolated')).toBe(true);
  const told = await ask(isolated.page, INPUT);
  const threads = isolated.page.workers().filter((worker) => THREAD.test(worker.url()));
  expect(threads).toHaveLength(CORES / 2 - 1);
  expect(isolated.complaints).toEqual([]);
  await isolated.close();

  const alone = await visit(browser, `${server.origin}/#${id}`, {}, async (page) => {
    await page.route(`${server.origin}/`, async (route) => {
      const response = await route.fetch();
      const kept = Object.entries(response.headers()).filter(([name]) => !ISOLATING.includes(name));
      await route.fulfill({ response, headers: Object.fromEntries(kept) });
    });
  });
  expect(await alone.page.evaluate('crossOriginIsolated')).toBe(false);
  expect(await ask(alone.page, INPUT)).toEqual(told);
  expect(alone.page.workers().filter((worker) => THREAD.test(worker.url()))).toEqual([]);
  expect(alone.complaints).toEqual([]);
  await alone.close();
});

/** Lets the page's workers see so many cores: the browser has a switch for pages, but none for workers. */
async function withCores(page: Page): Promise<void> {
  const told = `Object.defineProperty(navigator, 'hardwareConcurrency', { value: ${CORES} });\n`;
  await page.route(/\/playground\/worker-[^/]+\.js$/, async (route) => {
    const response = await route.fetch();
    await route.fulfill({ response, body: told + (await response.text()) });
  });
}
