/**
 * The SDK as the npm package brings it: alone in a project that has no other package, with the types
 * of a browser or of Node.js. The example in docs/using.md is run with the other pages.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildSdk } from '../../scripts/package/sdk.ts';

const ROOT = join(import.meta.dirname, '../..');
const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
/** Bytes; zod is most of it. OpenAPI's generator or zod's translations would double it. */
const MAX_BUNDLE = 300_000;

let project: string;
let built: string;

beforeAll(async () => {
  project = await mkdtemp(join(tmpdir(), 't2l-project-'));
  built = join(project, 'node_modules/t2l-edge');
  await buildSdk(built);
  await writeJson('node_modules/t2l-edge/package.json', {
    name: 't2l-edge',
    type: 'module',
    exports: { './sdk': { types: './sdk.d.ts', default: './sdk.js' } },
  });
  await writeJson('package.json', { type: 'module' });
});

afterAll(async () => {
  await rm(project, { recursive: true, force: true });
});

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(join(project, file), JSON.stringify(value));
}

function run(args: readonly string[]): Promise<{ stdout: string }> {
  return promisify(execFile)(process.execPath, args, { cwd: project });
}

test('the module is small and imports nothing', async () => {
  const file = join(built, 'sdk.js');
  expect((await stat(file)).size).toBeLessThan(MAX_BUNDLE);
  const source = await readFile(file, 'utf8');
  expect(source).not.toMatch(/^import\b|\bimport\(|\brequire\(/m);
  const module = (await import(file)) as Record<string, unknown>;
  expect(Object.keys(module).sort()).toEqual(['T2lError', 'adapterId', 'createClient']);
});

test('the declarations hold in a strict project without any other package', async () => {
  await writeFile(
    join(project, 'use.ts'),
    `import { type AdapterDocument, adapterId, createClient, T2lError } from 't2l-edge/sdk';
const client = createClient({ endpoint: 'https://t2l.example', token: 'x', fetch, retries: 1 });
const { signal } = new AbortController();
export async function use(): Promise<Uint8Array> {
  const adapter: AdapterDocument = await client.generate({ description: 'x', dtype: 'float32' });
  for await (const one of client.allAdapters({ q: 'x', limit: 5 }, { signal })) {
    const score: number | null = one.fit.score;
    console.log(score, one.card, one.files['adapter_config.json']?.sha256);
  }
  // @ts-expect-error: misspelt
  client.generate({ descripion: 'x' }).catch(() => {});
  // @ts-expect-error: a string
  const rank: string = adapter.rank;
  try {
    await adapterId({ digest: rank, precision: 'int8', embedding: new Float32Array(3) });
  } catch (error) {
    if (error instanceof T2lError) console.log(error.code.length + error.status);
  }
  return client.download(adapter, 'adapters.safetensors', { layout: 'mlx', signal });
}
`,
  );
  await mkdir(join(project, 'types'), { recursive: true });
  for (const name of ['@types', 'undici-types']) {
    await symlink(join(ROOT, 'node_modules', name), join(project, 'types', name));
  }
  const options = {
    target: 'es2022',
    module: 'nodenext',
    strict: true,
    exactOptionalPropertyTypes: true,
    noUncheckedIndexedAccess: true,
    noEmit: true,
    skipLibCheck: false,
  };
  const runtimes = {
    browser: { lib: ['es2022', 'dom'], types: [] },
    node: { lib: ['es2022'], types: ['node'], typeRoots: ['types/@types'] },
  };
  for (const runtime of Object.values(runtimes)) {
    await writeJson('tsconfig.json', {
      compilerOptions: { ...options, ...runtime },
      files: ['use.ts'],
    });
    await run([TSC, '-p', 'tsconfig.json']).catch(({ stdout }) => {
      throw new Error(stdout);
    });
  }
});
