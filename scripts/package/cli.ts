/**
 * The `t2l` command of the package, in `dist/cli/`: the bundled code, the built Worker for `t2l serve`, and
 * the licences of what was bundled. ONNX Runtime's WASM binary is in the package once, among the files of the
 * page: the command compiles it, and the Worker has it as a module.
 */
import { execFileSync } from 'node:child_process';
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { extname, join } from 'node:path';
import { build, type Metafile } from 'esbuild';
import { unstable_readConfig as readConfig } from 'wrangler';
import type { BuiltWorker } from '../../src/local/endpoint.ts';
import { OFFLINE, ROOT, WRANGLER } from '../environment.ts';

const ORT_WASM = 'ort-wasm-simd-threaded.wasm';
/** The page's, whose names have a hash. */
const PAGE_WASM = /^ort-wasm-simd-threaded-[^.]+\.wasm$/;
const PAGE = 'src/assets/playground';
const LICENCE_FILE = /^(licen[cs]e|notice|copying)/i;

/** What a module is, by the ending of its file; source maps and notes are none. */
const MODULE_TYPES: Readonly<Record<string, BuiltWorker['modules'][number]['type']>> = {
  '.js': 'ESModule',
  '.wasm': 'CompiledWasm',
  '.txt': 'Text',
  '.html': 'Text',
  '.sql': 'Text',
  '.bin': 'Data',
};

/** Writes the command into a folder two steps below the root of the package. */
export async function buildCli(out: string): Promise<void> {
  await rm(out, { recursive: true, force: true });
  await mkdir(out, { recursive: true });
  const wasm = await wasmOfPage();
  const { metafile } = await build({
    entryPoints: { t2l: join(ROOT, 'src/cli/index.ts') },
    outdir: out,
    absWorkingDir: ROOT,
    bundle: true,
    // Each command's code is a file of its own, read when the command runs.
    splitting: true,
    chunkNames: 'code-[hash]',
    format: 'esm',
    platform: 'node',
    target: 'node20',
    external: ['miniflare'],
    minify: true,
    define: { T2L_ORT_WASM: JSON.stringify(`../../${wasm}`) },
    legalComments: 'none',
    // Commander is CommonJS and requires modules of Node.
    banner: {
      js: "import { createRequire } from 'node:module'; const require = createRequire(import.meta.url);",
    },
    metafile: true,
    logLevel: 'warning',
  });
  await writeFile(join(out, 'LICENSES.txt'), await licences(metafile));
  await buildWorker(out, wasm);
}

/**
 * The binary among the page's files, from the root of the package.
 *
 * @throws Error if the page has none, or another than the command is built with
 */
async function wasmOfPage(): Promise<string> {
  const name = (await readdir(join(ROOT, PAGE))).find((file) => PAGE_WASM.test(file));
  const path = `${PAGE}/${name}`;
  const installed = await readFile(join(ROOT, 'node_modules/onnxruntime-web/dist', ORT_WASM));
  if (name === undefined || !installed.equals(await readFile(join(ROOT, path)))) {
    throw new Error(
      `${PAGE} must have the ${ORT_WASM} that is installed; node scripts/pages.ts builds it.`,
    );
  }
  return path;
}

async function buildWorker(out: string, wasm: string): Promise<void> {
  const built = await mkdtemp(join(tmpdir(), 't2l-worker-'));
  const folder = join(out, 'worker');
  await mkdir(folder);
  try {
    execFileSync(process.execPath, [WRANGLER, 'deploy', '--dry-run', '--outdir', built], {
      cwd: ROOT,
      env: { ...process.env, ...OFFLINE },
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const modules: BuiltWorker['modules'][number][] = [];
    for (const path of (await readdir(built)).sort()) {
      const type = MODULE_TYPES[extname(path)];
      if (type === undefined) {
        continue;
      }
      const shared = path.endsWith(`-${ORT_WASM}`);
      if (!shared) {
        await copyFile(join(built, path), join(folder, path));
      }
      const module = { type, path, file: shared ? `../../../${wasm}` : path };
      modules[path === 'index.js' ? 'unshift' : 'push'](module);
    }
    await writeFile(join(folder, 'worker.json'), `${JSON.stringify(describe(modules), null, 2)}\n`);
  } finally {
    await rm(built, { recursive: true, force: true });
  }
}

/** What wrangler's configuration says of a bucket and of a database. */
type Bucket = { readonly binding: string; readonly bucket_name?: string };
type Database = { readonly binding: string; readonly database_id?: string };

function describe(modules: BuiltWorker['modules']): BuiltWorker {
  const config = readConfig({ config: join(ROOT, 'wrangler.toml') }, { hideWarnings: true });
  return {
    compatibilityDate: config.compatibility_date ?? '',
    r2Buckets: Object.fromEntries(
      config.r2_buckets.map((bucket: Bucket) => [bucket.binding, bucket.bucket_name ?? '']),
    ),
    d1Databases: Object.fromEntries(
      config.d1_databases.map((database: Database) => [
        database.binding,
        database.database_id ?? '',
      ]),
    ),
    modules,
  };
}

/** The licence of every package that is in the bundle. */
async function licences({ inputs }: Metafile): Promise<string> {
  const folders = new Set(
    Object.keys(inputs).flatMap(
      (path) => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [],
    ),
  );
  const texts: string[] = [];
  for (const folder of [...folders].sort()) {
    const { name, version, license } = JSON.parse(
      await readFile(join(ROOT, folder, 'package.json'), 'utf8'),
    ) as { name: string; version: string; license: string };
    const file = (await readdir(join(ROOT, folder))).find((one) => LICENCE_FILE.test(one));
    const text = file === undefined ? '' : await readFile(join(ROOT, folder, file), 'utf8');
    texts.push(`${name} ${version} (${license})\n\n${text.trim()}\n`);
  }
  return texts.join(`\n${'-'.repeat(80)}\n\n`);
}
