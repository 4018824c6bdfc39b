/** The fit of a description while it is being written, in a real Chromium. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { judgeable } from '../../src/playground/judgeable.ts';
import type { HypernetList } from '../../src/sdk/index.ts';
import { startServer, type TestServer } from '../server.ts';
import {
  accessibilityProblems,
  appears,
  generate,
  launch,
  type Playground,
  saidInTraining,
  visit,
} from './page.ts';

// The first fit fetches and opens the hypernetwork, which takes its time on a busy machine.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const LABEL = 'The task, in a sentence';

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

test('what is written is judged in the page, and nothing of it is sent', async () => {
  const { page, requests, complaints } = reader;
  const sent: string[] = [];
  page.on('request', (request) => sent.push(`${request.url()} ${request.postData() ?? ''}`));
  await page.getByLabel(LABEL).pressSequentially('Sort the words');
  await appears(page.locator('.draft .verdict'));
  expect(requests.some((url) => url.includes('/t2l/'))).toBe(true);
  const before = sent.length;
  await page.getByLabel(LABEL).pressSequentially(' from z to a.');
  // What was said of the shorter sentence is gone at once.
  expect(await page.locator('.draft .verdict').count()).toBe(0);
  await appears(page.locator('.draft .verdict'));
  expect(sent.slice(before)).toEqual([]);
  expect(sent.filter((one) => /sort/i.test(one))).toEqual([]);
  await expect
    .poll(() => page.locator('.draft [role=status]').textContent())
    .toMatch(/^(good|uncertain|unfit): /);
  expect(await accessibilityProblems(page)).toEqual([]);
  expect(complaints).toEqual([]);
});

test('it is the fit of the adapter that the endpoint makes of it', async () => {
  const { page } = reader;
  const told = await page.locator('.draft .verdict').textContent();
  await generate(page, await page.getByLabel(LABEL).inputValue());
  await appears(page.locator('[data-adapter] .verdict'));
  expect(await page.locator('[data-adapter] .verdict').textContent()).toBe(told);
  expect(await page.locator('.draft .verdict').count()).toBe(0);
});

test('a training task that is close fills the box in the words of training, which are good', async () => {
  const { page } = reader;
  const box = page.getByLabel(LABEL);
  await box.fill('Put the words into order.');
  const chips = page.locator('.draft .chip');
  await appears(chips.first());
  const task = (await chips.first().locator('code').textContent()) ?? '';
  await chips.first().click();
  await expect.poll(() => box.inputValue()).toBe(await saidInTraining(server.origin, task));
  await appears(page.locator('.draft .verdict.good'));
  await box.fill('  ');
  await expect.poll(() => page.locator('.draft .verdict').count()).toBe(0);
});

test('a hypernetwork that is large, or has its encoder elsewhere, is not fetched for it', async () => {
  const list = (await (await server.fetch('/v1/hypernets')).json()) as HypernetList;
  const names = [undefined, 't2l-smollm2'];
  expect(names.map((name) => judgeable(list, name, false))).toEqual([list.default, 't2l-smollm2']);
  expect(judgeable(undefined, undefined, false)).toBeUndefined();
  expect(judgeable(list, undefined, true)).toBeUndefined();
  for (const change of [large, encodedElsewhere]) {
    const other = structuredClone(list);
    other.hypernets.flatMap(({ versions }) => versions).forEach(change);
    expect(judgeable(other, undefined, false)).toBeUndefined();
  }
});

type Version = HypernetList['hypernets'][number]['versions'][number];

function large({ needs: { precisions } }: Version): void {
  for (const needs of [precisions.float32, precisions.int8]) {
    if (needs !== undefined) {
      needs.graph_bytes = 400e6;
    }
  }
}

function encodedElsewhere({ encoder }: Version): void {
  encoder.kind = 'workers-ai';
}
