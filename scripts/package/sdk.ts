/**
 * The SDK of the package: `sdk.js`, one module for browsers, Workers and Node.js, and `sdk.d.ts`.
 *
 * Of the sources, the bundle takes what the SDK uses: a module of src does nothing by being imported,
 * which lets esbuild drop those whose exports nobody calls. The declarations are those that tsc makes
 * of the public module and of what it names; they must not need a package, which is checked here.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { ROOT } from '../environment.ts';

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');
const ENTRY = 'sdk/index';

/** Writes the SDK and its declarations into a folder. */
export async function buildSdk(out: string): Promise<void> {
  await build({
    entryPoints: [join(ROOT, 'src/sdk/index.ts')],
    outfile: join(out, 'sdk.js'),
    bundle: true,
    format: 'esm',
    // Node.js 20 and the browsers of its day.
    target: 'es2022',
    // Whitespace and names stay readable; what cannot run goes.
    minifySyntax: true,
    legalComments: 'inline',
    plugins: [pureSources],
    logLevel: 'warning',
  });
  await writeDeclarations(out);
}

const pureSources: Plugin = {
  name: 'pure-sources',
  setup(builder) {
    builder.onResolve({ filter: /^\.{1,2}\// }, async ({ path, pluginData, ...where }) => {
      if (pluginData === pureSources || where.importer.includes('node_modules')) {
        return undefined;
      }
      const resolved = await builder.resolve(path, { ...where, pluginData: pureSources });
      return { ...resolved, sideEffects: false };
    });
  },
};

async function writeDeclarations(out: string): Promise<void> {
  const emitted = await mkdtemp(join(tmpdir(), 't2l-declarations-'));
  try {
    const project = join(ROOT, 'src/sdk/tsconfig.json');
    execFileSync(process.execPath, [TSC, '-p', project, '--outDir', emitted], { stdio: 'inherit' });
    const types = join(out, 'types');
    await rm(types, { recursive: true, force: true });
    for (const [file, text] of await reachable(emitted, `${ENTRY}.d.ts`)) {
      await mkdir(dirname(join(types, file)), { recursive: true });
      await writeFile(join(types, file), text);
    }
    await writeFile(join(out, 'sdk.d.ts'), `export * from './types/${ENTRY}.js';\n`);
  } finally {
    await rm(emitted, { recursive: true, force: true });
  }
}

/** The declaration files that one file names, directly or not, by their paths. */
async function reachable(folder: string, entry: string): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  const queue = [entry];
  for (const file of queue) {
    const text = await readFile(join(folder, file), 'utf8');
    files.set(
      file,
      text.replaceAll(/(from |import\()'([^']+)'/g, (_match, before: string, name: string) => {
        const module = /^(\.{1,2}\/.*)\.ts$/.exec(name)?.[1];
        if (module === undefined) {
          throw new Error(`${file} needs "${name}"; the declarations must need no package`);
        }
        const target = `${posix.join(posix.dirname(file), module)}.d.ts`;
        if (!queue.includes(target)) {
          queue.push(target);
        }
        return `${before}'${module}.js'`;
      }),
    );
  }
  return files;
}
