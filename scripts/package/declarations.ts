/**
 * The declarations of a public module of the package: those that tsc makes of it and of what it names.
 * They must not need a package, which is checked here.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join, posix } from 'node:path';
import { ROOT } from '../environment.ts';

const TSC = join(ROOT, 'node_modules/typescript/bin/tsc');

/**
 * Writes `<entry>.d.ts` and, under `types/`, what it names.
 *
 * @param entry the folder of src whose `index.ts` is public
 */
export async function writeDeclarations(out: string, entry: string): Promise<void> {
  const emitted = await mkdtemp(join(tmpdir(), 't2l-declarations-'));
  try {
    const project = join(ROOT, 'src', entry, 'tsconfig.json');
    execFileSync(process.execPath, [TSC, '-p', project, '--outDir', emitted], { stdio: 'inherit' });
    const types = join(out, 'types');
    for (const [file, text] of await reachable(emitted, `${entry}/index.d.ts`)) {
      await mkdir(dirname(join(types, file)), { recursive: true });
      await writeFile(join(types, file), text);
    }
    await writeFile(join(out, `${entry}.d.ts`), `export * from './types/${entry}/index.js';\n`);
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
