/**
 * Where local operation finds its files. The sources lie in `src/local/`, the bundled code of the
 * package in `dist/cli/`: both two steps below the root, so the same way up leads to the same files.
 */
import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const ROOT = fileURLToPath(new URL('../../', import.meta.url).href);

/** The static assets of the Worker: the default bundle, its encoder, the tiny base model. */
export const ASSETS = join(ROOT, 'src/assets');
/** The SQL of the database. */
export const MIGRATIONS = join(ROOT, 'migrations');
/** The built Worker and the list of its modules, for `t2l serve`; `npm run build:package` makes it. */
export const WORKER = join(ROOT, 'dist/cli/worker');

/** Training's Python, where the repository is checked out and training was set up. */
export const TRAINING_PYTHON = join(ROOT, 'training/.venv/bin/python');

/** The version of this package, and that of miniflare it is tested with. */
export function packageFacts(): { readonly version: string; readonly miniflare: string } {
  const { version, devDependencies } = JSON.parse(
    readFileSync(join(ROOT, 'package.json'), 'utf8'),
  ) as { version: string; devDependencies: { miniflare: string } };
  return { version, miniflare: devDependencies.miniflare };
}

/** Where adapters lie unless told otherwise: the place each platform has for an application's data. */
export function defaultDataFolder(
  env: NodeJS.ProcessEnv = process.env,
  platform: NodeJS.Platform = process.platform,
): string {
  if (env.XDG_DATA_HOME) {
    return join(env.XDG_DATA_HOME, 't2l');
  }
  if (platform === 'win32') {
    return join(env.LOCALAPPDATA ?? join(homedir(), 'AppData', 'Local'), 't2l');
  }
  return platform === 'darwin'
    ? join(homedir(), 'Library', 'Application Support', 't2l')
    : join(homedir(), '.local', 'share', 't2l');
}
