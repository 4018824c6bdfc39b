/**
 * How fast SmolLM2-135M-Instruct answers in a real Chromium, in a worker of an isolated page: on one
 * thread, and on two or as many as the page takes on this machine. Both models are open at the same time and read
 * in turn, so that whatever else the machine does disturbs both alike; what counts is the ratio of a
 * round's two times.
 */
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import { availableParallelism } from 'node:os';
import { extname, join } from 'node:path';
import { build } from 'esbuild';
import type { Browser, Worker } from 'playwright-core';
import { threadsFor } from '../../src/lm/threads.ts';
import { median } from '../command.ts';
import { ROOT } from '../environment.ts';
import { withChromium } from './chromium.ts';
import type { WorkerBench } from './language-model-worker.ts';

/** What was measured of one number of threads. */
export interface ThreadSpeed {
  readonly threads: number;
  readonly open_ms: number;
  readonly prompt_ms: number;
  /** From the median time of a token. */
  readonly tokens_per_second: number;
}

/** What was measured in the browser. */
export interface BrowserSpeed {
  readonly rounds: number;
  /** On one thread, and on several. */
  readonly speeds: readonly ThreadSpeed[];
  /** How many times faster the last of them is: the median of the rounds' ratios. */
  readonly speed_up: number;
}

const ROUNDS = 7;
const TOKENS = 16;
const ORT = join(ROOT, 'node_modules/onnxruntime-web/dist');
const TYPES: Readonly<Record<string, string>> = {
  '.html': 'text/html',
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};

declare const bench: WorkerBench;

/** Measures; undefined where there is no Chromium. */
export function measureInBrowser(gguf: string): Promise<BrowserSpeed | undefined> {
  return withChromium(async (browser) => {
    const site = await serve(gguf);
    try {
      return await measure(browser, site.origin);
    } finally {
      await site.close();
    }
  });
}

/** In a line. */
export function browserSpeedLine({ speeds, speed_up, rounds }: BrowserSpeed): string {
  const each = speeds.map(
    ({ threads, tokens_per_second, prompt_ms, open_ms }) =>
      `${tokens_per_second.toFixed(1)} tokens/s on ${threads} thread${threads === 1 ? '' : 's'} ` +
      `(prompt ${prompt_ms.toFixed(0)} ms, opened in ${(open_ms / 1000).toFixed(1)} s)`,
  );
  const ratio =
    speeds.length > 1 ? `, ${speed_up.toFixed(2)} times as fast in ${rounds} rounds` : '';
  return `in Chromium: ${each.join(', ')}${ratio}`;
}

async function measure(browser: Browser, origin: string): Promise<BrowserSpeed> {
  const page = await browser.newPage();
  await page.goto(`${origin}/page.html`);
  // on two cores the page takes one thread; why, shows only beside another
  const counts = [1, Math.max(2, threadsFor(availableParallelism(), true))];
  const opened: { threads: number; worker: Worker; open: number }[] = [];
  for (const threads of counts) {
    const [worker] = await Promise.all([
      page.waitForEvent('worker'),
      page.evaluate("void new Worker('/worker.js', { type: 'module' })"),
    ]);
    const asked = { origin, threads };
    const open = await worker.evaluate((one) => bench.open(one.origin, one.threads), asked);
    // The first run allocates.
    await worker.evaluate((tokens) => bench.time(tokens), TOKENS);
    opened.push({ threads, worker, open });
  }
  const prompts: number[][] = opened.map(() => []);
  const tokens: number[][] = opened.map(() => []);
  const ratios: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    const order = [...opened.keys()];
    const times: number[] = [];
    for (const at of round % 2 === 0 ? order : order.reverse()) {
      const found = await opened[at]?.worker.evaluate((count) => bench.time(count), TOKENS);
      prompts[at]?.push(found?.prompt ?? Number.NaN);
      tokens[at]?.push(...(found?.tokens ?? []));
      times[at] = median(found?.tokens ?? []);
    }
    ratios.push((times[0] as number) / (times.at(-1) as number));
  }
  const speeds = opened.map(({ threads, open }, at) => ({
    threads,
    open_ms: open,
    prompt_ms: median(prompts[at] ?? []),
    tokens_per_second: 1000 / median(tokens[at] ?? []),
  }));
  return { rounds: ROUNDS, speeds, speed_up: median(ratios) };
}

/** The worker, what it loads, and a page for it, with the headers that isolate them. */
async function serve(gguf: string): Promise<{ readonly origin: string; close(): Promise<void> }> {
  const { outputFiles } = await build({
    entryPoints: [join(ROOT, 'scripts/bench/language-model-worker.ts')],
    bundle: true,
    write: false,
    format: 'esm',
    // Also the condition by which package.json picks the browser's way to start ONNX Runtime.
    platform: 'browser',
    conditions: ['onnxruntime-web-use-extern-wasm'],
    target: 'es2022',
    external: ['onnxruntime-web/webgpu'],
    logLevel: 'warning',
  });
  const script = Buffer.from(outputFiles[0]?.contents ?? []);
  const server = createServer(async ({ url = '' }, response) => {
    const [, name = ''] = /^\/ort\/([\w.-]+)$/.exec(url) ?? [];
    const body =
      url === '/worker.js'
        ? script
        : url === '/model.gguf'
          ? await readFile(gguf)
          : name === ''
            ? '<!doctype html><link rel="icon" href="data:,">'
            : await readFile(join(ORT, name));
    response.writeHead(200, {
      'content-type': TYPES[extname(url)] ?? 'application/octet-stream',
      'cross-origin-opener-policy': 'same-origin',
      'cross-origin-embedder-policy': 'require-corp',
    });
    response.end(body);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    origin: `http://127.0.0.1:${port}`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
