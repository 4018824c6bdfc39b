/**
 * The npm package as somebody has it who has nothing else: packed from this tree, installed offline in
 * an empty folder, and run by the machine's own Node.js, not the one that npm brought for our tools.
 */
import { execFile } from 'node:child_process';
import { mkdtemp, readdir, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { delimiter, join, sep } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const ROOT = join(import.meta.dirname, '../..');

/** The search path without the tools of this tree. */
const PATH = (process.env.PATH ?? '')
  .split(delimiter)
  .filter((folder) => !folder.split(sep).includes('node_modules'))
  .join(delimiter);

/** An installed package. */
export interface Installed {
  /** The folder it was installed in; nothing else is there. */
  readonly folder: string;
  readonly tarballBytes: number;
  /** The version of the Node.js that runs it. */
  readonly node: string;
  /** Runs a program, as `npx` with the package's own commands. */
  run(program: string, ...args: readonly string[]): Promise<string>;
}

/** Packs and installs. */
export async function installPackage(): Promise<Installed> {
  const folder = await mkdtemp(join(tmpdir(), 't2l-installed-'));
  const env = {
    PATH,
    HOME: folder,
    XDG_DATA_HOME: join(folder, 'home'),
    npm_config_offline: 'true',
    npm_config_cache: join(folder, 'npm-cache'),
    npm_config_update_notifier: 'false',
  };
  async function call(program: string, ...args: readonly string[]): Promise<string> {
    const options = { cwd: folder, env, maxBuffer: 64 * 1024 * 1024 };
    return (await run(program, args, options)).stdout;
  }
  await run('npm', ['pack', '--pack-destination', folder], {
    cwd: ROOT,
    env: { ...process.env, PATH },
    maxBuffer: 64 * 1024 * 1024,
  });
  const tarball = (await readdir(folder)).find((name) => name.endsWith('.tgz')) ?? '';
  const { size: tarballBytes } = await stat(join(folder, tarball));
  await writeFile(join(folder, 'package.json'), '{"private": true, "type": "module"}\n');
  await call('npm', 'install', '--no-audit', '--no-fund', `./${tarball}`);
  return { folder, tarballBytes, node: (await call('node', '--version')).trim(), run: call };
}
