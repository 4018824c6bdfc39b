/**
 * Builds the page at `/` (src/playground) into the static assets, with Vite. ONNX Runtime's WASM comes
 * along as a file of its own, which the page loads when somebody asks the base model.
 *
 * Nothing is built when the sources are those of the last time: a note beside the packages says what was
 * built of what. Files that are there already are left alone, because wrangler watches the assets.
 */

import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { ROOT } from './environment.ts';

/** Where the page is among the assets, and so in addresses. */
const PLACE = 'playground';
const SOURCES = join(ROOT, 'src');
const OUT = join(SOURCES, 'assets', PLACE);
const NOTE = join(ROOT, 'node_modules/.cache/t2l-edge/playground.json');
const SOURCE = /\.(ts|tsx|css|html)$/;

/** What was built: a digest of the sources, and the names of the files. */
interface Note {
  readonly sources: string;
  readonly files: readonly string[];
}

/** Makes sure that the page is there and current. */
export async function buildPlayground(): Promise<void> {
  const sources = await digestOfSources();
  if (await isCurrent(sources)) {
    return;
  }
  const files = await bundle();
  // The page last: it names the others.
  const names = [...files.keys()].sort((a, b) => Number(isPage(a)) - Number(isPage(b)));
  for (const name of names) {
    await writeIfOther(join(OUT, name), files.get(name) as Uint8Array);
  }
  for (const name of await present()) {
    if (!files.has(name)) {
      await rm(join(OUT, name), { force: true });
    }
  }
  await mkdir(dirname(NOTE), { recursive: true });
  await writeFile(NOTE, JSON.stringify({ sources, files: names } satisfies Note));
}

/** The files of the page by their names. */
async function bundle(): Promise<ReadonlyMap<string, Uint8Array>> {
  // Loaded when it is needed: most starts find everything built.
  const { build, defaultClientConditions } = await import('vite');
  // Only for WebGPU, which no base model asks for; its WASM is larger than an asset may be.
  const external = ['onnxruntime-web/webgpu'];
  // ONNX Runtime's WASM module is loaded from a file of its own, not from within its other code.
  const conditions = ['onnxruntime-web-use-extern-wasm', ...defaultClientConditions];
  const result = await build({
    configFile: false,
    root: join(SOURCES, 'playground'),
    base: `/${PLACE}/`,
    publicDir: false,
    logLevel: 'warn',
    // What an earlier NODE_ENV says, such as that of a test, must not change the page.
    mode: 'production',
    define: { 'process.env.NODE_ENV': '"production"' },
    oxc: { jsx: { development: false } },
    resolve: { conditions },
    build: {
      write: false,
      target: 'es2022',
      assetsDir: '',
      // A data: address would be refused by the page's policy.
      assetsInlineLimit: 0,
      modulePreload: { polyfill: false },
      rolldownOptions: { external },
    },
    worker: { format: 'es', rolldownOptions: { external } },
  });
  const outputs = [result].flat().flatMap((one) => ('output' in one ? one.output : []));
  return new Map(
    outputs.map((file) => [
      file.fileName,
      Buffer.from(file.type === 'chunk' ? file.code : file.source),
    ]),
  );
}

async function isCurrent(sources: string): Promise<boolean> {
  try {
    const note = JSON.parse(await readFile(NOTE, 'utf8')) as Note;
    const there = new Set(await present());
    return note.sources === sources && note.files.every((file) => there.has(file));
  } catch {
    return false;
  }
}

/** A digest of everything the page may be built of; the lock file stands for the packages. */
async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256');
  const names = (await readdir(SOURCES, { recursive: true }))
    .filter((name) => SOURCE.test(name) && !name.startsWith('assets'))
    .sort();
  const paths = names.map((name) => join(SOURCES, name));
  const others = ['package.json', 'package-lock.json', 'scripts/playground.ts'];
  for (const path of [...paths, ...others.map((name) => join(ROOT, name))]) {
    const bytes = await readFile(path);
    hash.update(`${path.slice(ROOT.length)} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest('hex');
}

async function present(): Promise<readonly string[]> {
  return readdir(OUT).catch(() => []);
}

function isPage(name: string): boolean {
  return name.endsWith('.html');
}

async function writeIfOther(path: string, bytes: Uint8Array): Promise<void> {
  const there = await readFile(path).catch(() => undefined);
  if (there?.equals(bytes) !== true) {
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, bytes);
  }
}
