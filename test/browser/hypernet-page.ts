/**
 * A page of another site than the endpoint's that has `t2l-edge/browser` as the package builds it and
 * onnxruntime-web as npm brings it, found by an import map, without a bundler.
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { buildBrowser } from '../../scripts/package/browser.ts';
import type { Adapter } from '../../src/browser/adapter.ts';
import type * as Module from '../../src/browser/index.ts';
import { type ScriptedServer, startScripted } from '../sdk/scripted-server.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
const ROOT = join(import.meta.dirname, '../..');
const ORT = join(ROOT, 'node_modules/onnxruntime-web/dist');
const BUNDLES = join(ROOT, 'src/assets/hypernets');

const IMPORTS = {
  't2l-edge/browser': '/browser.js',
  'onnxruntime-web/wasm': '/ort/ort.wasm.bundle.min.mjs',
  'onnxruntime-web/webgpu': '/ort/ort.webgpu.bundle.min.mjs',
};
const PAGE = `<!doctype html><link rel="icon" href="data:,">
<script type="importmap">${JSON.stringify({ imports: IMPORTS })}</script>
<script type="module">
  import * as t2l from 't2l-edge/browser';
  globalThis.t2l = t2l;
  globalThis.codeOf = (work) =>
    work.then(() => 'nothing', ({ name, code }) => (name === 'T2lError' ? code : name));
  globalThis.kept = async () =>
    (await (await caches.open('t2l-edge')).keys()).map(({ url }) => url);
  globalThis.told = (adapter) => ({
    ...adapter,
    files: adapter.files.map(({ bytes, ...file }) => ({ ...file, bytes: bytes.length })),
    embedding: [...adapter.embedding],
  });
</script>`;
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
  '.json': 'application/json',
};

/** What a page can tell of an adapter: everything but the bytes. */
export type Told = Omit<Adapter, 'files' | 'embedding'> & {
  readonly files: readonly { name: string; contentType: string; bytes: number; sha256: string }[];
  readonly embedding: readonly number[];
};

/** What the page's own script defines. */
export interface PageGlobals {
  readonly t2l: typeof Module;
  readonly codeOf: (work: Promise<unknown>) => Promise<string>;
  /** Addresses of what the page keeps. */
  readonly kept: () => Promise<string[]>;
  readonly told: (adapter: Adapter) => Told;
}

/** The site, and a browser to visit it with. */
export interface Site {
  readonly origin: string;
  readonly browser: Browser;
  /** Paths that the site was asked for. */
  paths(): string[];
  /** A page in a browser profile of its own: nothing is kept there yet. */
  visit(): Promise<Page>;
  close(): Promise<void>;
}

/** Builds the module and starts site and browser. */
export async function startSite(...flags: readonly string[]): Promise<Site> {
  const folder = await mkdtemp(join(tmpdir(), 't2l-browser-'));
  await buildBrowser(folder);
  const server: ScriptedServer = await startScripted(async ({ url = '/' }, response) => {
    const file = fileOf(folder, url);
    try {
      const body = file === undefined ? PAGE : await readFile(file);
      const type = file === undefined ? 'text/html' : 'application/octet-stream';
      response.setHeader('content-type', TYPES[extname(url)] ?? type);
      response.end(body);
    } catch {
      response.writeHead(404, { 'content-type': 'text/plain' }).end('There is no such file.');
    }
  });
  const browser = await chromium.launch({
    executablePath: CHROMIUM,
    args: ['--no-sandbox', ...flags],
  });
  return {
    origin: server.origin,
    browser,
    paths: () => server.requests.map(({ line }) => line.replace('GET ', '')),
    async visit() {
      const page = await (await browser.newContext()).newPage();
      await page.goto(server.origin);
      await ready(page);
      return page;
    },
    async close() {
      await browser.close();
      await server.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Loads the page again, with what the browser has kept. */
export async function reload(page: Page): Promise<void> {
  await page.reload();
  await ready(page);
}

async function ready(page: Page): Promise<void> {
  await page.waitForFunction(() => 't2l' in globalThis);
}

function fileOf(folder: string, url: string): string | undefined {
  const [, place, path = ''] = /^\/(ort|bundles)\/(.*)$/.exec(url) ?? [];
  if (place !== undefined) {
    return join(place === 'ort' ? ORT : BUNDLES, path);
  }
  return url === '/browser.js' ? join(folder, 'browser.js') : undefined;
}
