/** The playground in a real Chromium, against the local Worker, with an ear for what the browser complains of. */
import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { gunzipSync } from 'node:zlib';
import {
  type Browser,
  type BrowserContextOptions,
  chromium,
  type Locator,
  type Page,
} from 'playwright-core';
import { expect } from 'vitest';
import type { TaskMap } from '../../src/playground/task-map.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const AXE = createRequire(import.meta.url).resolve('axe-core/axe.min.js');
const PATIENCE = { timeout: 120_000 };
/** What the browser says of a request that a test let fail, and of a refusal of the endpoint. */
const EXPECTED = /Failed to load resource/;

declare const axe: {
  run(): Promise<{ violations: { id: string; nodes: { html: string }[] }[] }>;
};

/** A page, and what went wrong in it. */
export interface Playground {
  readonly page: Page;
  readonly complaints: readonly string[];
  /** Addresses that were asked for. */
  readonly requests: readonly string[];
  close(): Promise<void>;
}

/** Starts the browser. */
export function launch(): Promise<Browser> {
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}

/** Opens the page in a profile of its own. */
export async function visit(
  browser: Browser,
  url: string,
  options: BrowserContextOptions = {},
  /** What is done before it is opened, such as to change what it is answered. */
  prepare: (page: Page) => Promise<void> = async () => undefined,
): Promise<Playground> {
  const context = await browser.newContext(options);
  const page = await context.newPage();
  const complaints: string[] = [];
  const requests: string[] = [];
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type()) && !EXPECTED.test(message.text())) {
      complaints.push(message.text());
    }
  });
  page.on('pageerror', (error) => complaints.push(String(error)));
  context.on('request', (request) => requests.push(request.url()));
  await prepare(page);
  await page.goto(url);
  await page.getByRole('heading', { level: 1 }).waitFor(PATIENCE);
  return { page, complaints, requests, close: () => context.close() };
}

/** Writes a description and has its adapter made; gives its id. */
export async function generate(page: Page, description: string): Promise<string> {
  await page.getByLabel('The task, in a sentence').fill(description);
  const [response] = await Promise.all([
    page.waitForResponse((one) => one.url().endsWith('/v1/adapters'), PATIENCE),
    page
      .getByRole('button', { name: /^Generate/ })
      .first()
      .click(),
  ]);
  const { id } = (await response.json()) as { id: string };
  await expect.poll(() => shownId(page), PATIENCE).toBe(id);
  return id;
}

/** The id of the adapter that is shown. */
export async function shownId(page: Page): Promise<string> {
  const shown = page.locator('[data-adapter]');
  return (await shown.count()) === 0 ? '' : ((await shown.getAttribute('data-adapter')) ?? '');
}

/** Asks the base model; gives the answers by their names. */
export async function ask(page: Page, input: string): Promise<Record<string, string>> {
  await page.getByLabel('Your input').fill(input);
  await page.getByRole('button', { name: 'Ask', exact: true }).click();
  return answers(page);
}

/** The answers, once all are there. */
export async function answers(page: Page): Promise<Record<string, string>> {
  const all = page.locator('[data-answer]');
  const open = all.locator('output:not([data-kind=answer]):not([data-kind=problem])');
  await expect.poll(() => open.count(), PATIENCE).toBe(0);
  const told = await all.evaluateAll((elements) =>
    elements.map((one) => [
      one.getAttribute('data-answer') ?? '',
      one.querySelector('output')?.textContent ?? '',
    ]),
  );
  return Object.fromEntries(told);
}

/** What the accessibility checker finds: rules with the elements that break them. */
export async function accessibilityProblems(page: Page): Promise<readonly string[]> {
  // By the protocol: the page's policy would refuse a script element.
  await page.evaluate(await readFile(AXE, 'utf8'));
  const { violations } = await page.evaluate(() => axe.run());
  return violations.flatMap(({ id, nodes }) => nodes.map(({ html }) => `${id}: ${html}`));
}

/** How far the page is wider than its window. */
export function overhang(page: Page): Promise<number> {
  const root = 'document.documentElement';
  return page.evaluate<number>(`${root}.scrollWidth - ${root}.clientWidth`);
}

/** Waits for a locator. */
export function appears(locator: Locator): Promise<void> {
  return locator.waitFor(PATIENCE);
}

/** What training said of a task of t2l-mini, as its map has it. */
export async function saidInTraining(origin: string, task: string): Promise<string | undefined> {
  const index = await fetch(`${origin}/maps/index.json`);
  const names = Object.values((await index.json()) as Record<string, string>);
  const name = names.find((one) => one.startsWith('t2l-mini-'));
  const packed = await (await fetch(`${origin}/maps/${name}`)).arrayBuffer();
  const map = JSON.parse(gunzipSync(packed).toString()) as TaskMap;
  return map.descriptions?.[map.tasks.findIndex(([one]) => one === task)];
}
