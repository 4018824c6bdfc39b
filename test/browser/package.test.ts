/**
 * `t2l-edge/browser` as the npm package brings it: its types in a strict project that has no other
 * package, and in a bundler's page, where a prefix says where ONNX Runtime's files lie.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildBrowser } from '../../scripts/package/browser.ts';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import { withCard } from '../fixtures/with-card.ts';
import { sharedServer } from '../server.ts';
import { type PageGlobals, startSite } from './hypernet-page.ts';

declare const bundled: PageGlobals['t2l'];
/** The part of the page's workers that is used here. */
declare const Worker: new (
  url: string,
  options: { type: 'module' },
) => {
  onmessage: (event: { data: { sha256: string }[] }) => void;
  onerror: (event: { message: string }) => void;
  postMessage(message: object): void;
};
declare const told: PageGlobals['told'];

const ROOT = join(import.meta.dirname, '../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

let project: string;
let built: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 't2l-page-'));
  built = join(project, 'node_modules/t2l-edge/dist');
  await buildBrowser(built);
  const { name, type, exports } = JSON.parse(await readFile(join(ROOT, 'package.json'), 'utf8'));
  const manifest = join(project, 'node_modules/t2l-edge/package.json');
  await writeFile(manifest, JSON.stringify({ name, type, exports }));
  await writeFile(join(project, 'package.json'), '{"type": "module"}');
});

afterAll(async () => {
  await rm(project, { recursive: true, force: true });
});

test('the module needs onnxruntime-web and nothing else, and only when it runs', async () => {
  const source = await readFile(join(built, 'browser.js'), 'utf8');
  expect(source).not.toMatch(/^import\b|\brequire\(|\bfrom ["']node:/m);
  const imported = [...source.matchAll(/\bimport\("([^"]+)"\)/g)].map(([, name]) => name);
  expect(imported.sort()).toEqual(['onnxruntime-web/wasm', 'onnxruntime-web/webgpu']);
});

test('the declarations hold in a strict project without any other package', async () => {
  await writeFile(
    join(project, 'use.ts'),
    `import { type Adapter, openHypernet, T2lError } from 't2l-edge/browser';
const { signal } = new AbortController();
export async function use(): Promise<Uint8Array | undefined> {
  const hypernet = await openHypernet({
    endpoint: 'https://t2l.example',
    name: 't2l-mini',
    device: 'auto',
    wasmPaths: '/ort/',
    signal,
    progress: ({ file, loaded, total = loaded }) => console.log(file, loaded / total),
  });
  try {
    const adapter: Adapter = await hypernet.generate(
      { description: 'x', strength: 1, dtype: 'float16', precision: 'int8' },
      { signal },
    );
    const id: string | null = adapter.id;
    console.log(id, adapter.fit.verdict, adapter.norms.q_proj?.[0], adapter.timings_ms.run);
    // @ts-expect-error: the hypernetwork is open already
    await hypernet.generate({ description: 'x', hypernet: 'y' });
    return adapter.files.find(({ name }) => name === 'README.md')?.bytes;
  } catch (error) {
    if (error instanceof T2lError) console.log(error.code);
    return undefined;
  } finally {
    await hypernet.close();
  }
}
`,
  );
  const options = {
    target: 'es2022',
    lib: ['es2022', 'dom'],
    types: [],
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
  };
  for (const module of [
    { module: 'nodenext' },
    { module: 'esnext', moduleResolution: 'bundler' },
  ]) {
    const config = { compilerOptions: { ...options, ...module }, files: ['use.ts'] };
    await writeFile(join(project, 'tsconfig.json'), JSON.stringify(config));
    await promisify(execFile)(process.execPath, [TSC, '-p', project]).catch(({ stdout }) => {
      throw new Error(stdout);
    });
  }
});

test("a bundler's page, and a worker of it, make the endpoint's adapter", async () => {
  const entry = `import * as t2l from 't2l-edge/browser';
globalThis.bundled = t2l;
globalThis.onmessage = async ({ data }) => {
  const hypernet = await t2l.openHypernet(data);
  postMessage((await hypernet.generate({ description: 'Sort the words' })).files);
};`;
  await writeFile(join(project, 'page.js'), entry);
  await mkdir(join(project, 'node_modules'), { recursive: true });
  const ort = join(project, 'node_modules/onnxruntime-web');
  await symlink(join(ROOT, 'node_modules/onnxruntime-web'), ort);
  const { outputFiles, warnings } = await build({
    entryPoints: [join(project, 'page.js')],
    bundle: true,
    format: 'esm',
    write: false,
  });
  expect(warnings).toEqual([]);
  const server = await sharedServer();
  const site = await startSite();
  try {
    const page = await site.visit();
    const script = outputFiles[0]?.text ?? '';
    await page.addScriptTag({ type: 'module', content: script });
    await page.waitForFunction(() => 'bundled' in globalThis);
    const options = { endpoint: server.origin, wasmPaths: `${site.origin}/ort/` };
    const { id, files } = await page.evaluate(async (options) => {
      const hypernet = await bundled.openHypernet(options);
      return told(await hypernet.generate({ description: 'Sort the words' }));
    }, options);
    const fromWorker = await page.evaluate(inWorker, { script, options });
    expect(fromWorker).toEqual(files.map(({ sha256 }) => sha256));
    const answer = await server.send('/v1/adapters', { description: 'Sort the words' });
    const document = await withCard((await answer.json()) as AdapterDocument);
    expect(id).toBe(document.id);
    for (const { name, sha256 } of files) {
      expect(document.files[name]).toMatchObject({ sha256 });
    }
  } finally {
    await site.close();
  }
});

/** Runs in the page: what a worker of the script makes, by its sha256. */
async function inWorker({ script, options }: { script: string; options: object }) {
  const url = URL.createObjectURL(new Blob([script], { type: 'text/javascript' }));
  const worker = new Worker(url, { type: 'module' });
  const answer = new Promise<{ sha256: string }[]>((resolve, reject) => {
    worker.onmessage = ({ data }) => resolve(data);
    worker.onerror = ({ message }) => reject(new Error(message));
  });
  worker.postMessage(options);
  return (await answer).map(({ sha256 }) => sha256);
}
