/**
 * From opening the page to the first adapted answer, cold: a browser with a fresh profile, a Worker that
 * has answered nothing yet, and a reader who writes at once. What is timed is what the reader waits for:
 * the page, the making of the adapter, the base model with ONNX Runtime, and the answer. Endpoint and
 * browser are on this machine, so nothing of it is the network's.
 */
import { readFile } from 'node:fs/promises';
import type { Browser, Page } from 'playwright-core';
import { EXAMPLE } from '../../src/contract/examples.ts';
import {
  fetchGguf,
  GGUF_SOURCES,
  type GgufSource,
  OutOfReach,
} from '../../src/local/gguf-source.ts';
import { baseModelKeys } from '../../src/store/base-models.ts';
import { median } from '../command.ts';
import { type Endpoint, startEndpoint } from '../endpoint.ts';
import { withChromium } from './chromium.ts';

/** The file of a base model that does not ship, for the endpoint to have. */
export interface BaseModelFile {
  readonly id: string;
  readonly path: string;
  readonly sha256: string;
}

/** What was measured. */
export interface FirstAnswer {
  readonly hypernet: string;
  readonly runs: number;
  /** From the beginning of the navigation, in milliseconds: until the adapter is there. */
  readonly adapter_ms: number;
  /** Until the adapted answer is there. */
  readonly answer_ms: number;
}

const SMOLLM2 = 'HuggingFaceTB/SmolLM2-135M-Instruct';
const RUNS = 3;
const PATIENCE = { timeout: 300_000 };

/** Measures t2l-mini and, where the file of its base model can be had, t2l-smollm2; none without Chromium. */
export async function measureFirstAnswers(): Promise<FirstAnswer[]> {
  const source = GGUF_SOURCES.get(SMOLLM2) as GgufSource;
  const file = await fetchGguf(source).catch((error: unknown) => {
    if (error instanceof OutOfReach) {
      return undefined;
    }
    throw error;
  });
  const mini = await measureFirstAnswer('t2l-mini', RUNS);
  const large =
    file === undefined
      ? undefined
      : await measureFirstAnswer('t2l-smollm2', 1, {
          id: SMOLLM2,
          path: file,
          sha256: source.sha256,
        });
  return [mini, large].filter((one) => one !== undefined);
}

/** Measures one hypernetwork; undefined where there is no Chromium. */
export async function measureFirstAnswer(
  hypernet: string,
  runs: number,
  file?: BaseModelFile,
): Promise<FirstAnswer | undefined> {
  const found: (readonly [adapter: number, answer: number])[] = [];
  for (let run = 0; run < runs; run++) {
    const endpoint = await startEndpoint();
    try {
      if (file !== undefined) {
        await putModel(endpoint, file);
      }
      const times = await withChromium((browser) => visit(browser, endpoint.origin, hypernet));
      if (times === undefined) {
        return undefined;
      }
      found.push(times);
    } finally {
      await endpoint.close();
    }
  }
  return {
    hypernet,
    runs,
    adapter_ms: median(found.map(([adapter]) => adapter)),
    answer_ms: median(found.map(([, answer]) => answer)),
  };
}

/** In a line. */
export function firstAnswerLine({ hypernet, runs, adapter_ms, answer_ms }: FirstAnswer): string {
  return (
    `${hypernet}: from opening the page to the first adapted answer, cold, ` +
    `${(answer_ms / 1000).toFixed(1)} s in Chromium, the adapter after ` +
    `${(adapter_ms / 1000).toFixed(1)} s; median of ${runs}`
  );
}

async function visit(
  browser: Browser,
  origin: string,
  hypernet: string,
): Promise<readonly [adapter: number, answer: number]> {
  const page = await browser.newPage();
  page.setDefaultTimeout(PATIENCE.timeout);
  const began = performance.now();
  await page.goto(origin, { waitUntil: 'commit' });
  await page.getByLabel('The task, in a sentence').fill(EXAMPLE);
  await page.getByLabel('hypernetwork').selectOption(hypernet);
  await page.getByRole('button', { name: 'Generate' }).click();
  await page.locator('[data-adapter]').waitFor();
  const adapter = performance.now() - began;
  await ask(page);
  await page.locator('[data-answer=adapted] [data-kind=answer]').waitFor();
  return [adapter, performance.now() - began];
}

/** Asks what stands in the box, as soon as there is one; a large base model is wanted first. */
async function ask(page: Page): Promise<void> {
  const button = page.getByRole('button', { name: 'Ask', exact: true });
  const download = page.getByRole('button', { name: /^Download the model/ });
  await button.or(download).waitFor();
  if (await download.isVisible()) {
    await download.click();
  }
  await button.click();
}

async function putModel({ env }: Endpoint, { id, path, sha256 }: BaseModelFile): Promise<void> {
  const bytes = await readFile(path);
  const keys = baseModelKeys(id);
  // The proxy to workerd may find its connection closed after a pause; a put can be repeated.
  await env.HYPERNETS.put(keys.file, bytes).catch(() => env.HYPERNETS.put(keys.file, bytes));
  await env.HYPERNETS.put(keys.note, JSON.stringify({ bytes: bytes.length, sha256 }));
}
