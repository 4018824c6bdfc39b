/**
 * What checkers of pages count, by hand: nothing in the developer tools' list of issues, nothing that
 * jumps while the page loads, a description for search engines, and little to fetch.
 */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../server.ts';
import { accessibilityProblems, launch, visit } from './page.ts';

let server: TestServer;
let browser: Browser;

beforeAll(async () => {
  server = await startServer();
  browser = await launch();
});

afterAll(async () => {
  await browser?.close();
  await server?.close();
});

test.each(['light', 'dark'] as const)(
  'the page has no issues and does not jump: %s',
  async (colorScheme) => {
    const issues: string[] = [];
    const { page, complaints, requests, close } = await visit(
      browser,
      server.origin,
      { colorScheme },
      async (opening) => {
        const tools = await opening.context().newCDPSession(opening);
        tools.on('Audits.issueAdded', ({ issue }) => issues.push(JSON.stringify(issue)));
        await tools.send('Audits.enable');
        await opening.addInitScript(`
        globalThis.shifts = [];
        new PerformanceObserver((list) => shifts.push(...list.getEntries().map(({ value }) => value)))
          .observe({ type: 'layout-shift', buffered: true });
      `);
      },
    );
    // The list of hypernetworks has come, and with it what stands below the form.
    const choice = page.locator('select[name=hypernet] option').filter({ hasText: 't2l-mini' });
    await choice.waitFor({ state: 'attached' });
    await page.waitForLoadState('networkidle');
    expect(issues).toEqual([]);
    expect(complaints).toEqual([]);
    const shifts = await page.evaluate<number[]>('shifts');
    expect(shifts.reduce((sum, one) => sum + one, 0)).toBeLessThan(0.02);
    expect(await accessibilityProblems(page)).toEqual([]);
    expect(requests.length).toBeLessThan(8);
    await close();
  },
);

test('it says what it is to whoever lists pages, and fits a phone', async () => {
  const { page, close } = await visit(browser, server.origin);
  const content = (name: string) => page.locator(`meta[name=${name}]`).getAttribute('content');
  expect((await content('description'))?.length).toBeGreaterThan(40);
  expect(await content('viewport')).toBe('width=device-width, initial-scale=1');
  expect(await page.title()).toMatch(/^t2l-edge: /);
  expect(await page.locator('html').getAttribute('lang')).toBe('en');
  await close();
});

test('what it loads is kept by the browser for good, and by its name', async () => {
  const { requests, close } = await visit(browser, server.origin);
  const files = requests.filter((url) => url.includes('/playground/'));
  expect(files.length).toBeGreaterThan(1);
  for (const url of files) {
    const { headers } = await fetch(url);
    expect([url, headers.get('cache-control')]).toEqual([
      url,
      'public, max-age=31536000, immutable',
    ]);
  }
  await close();
});
