/**
 * `node scripts/build-package.ts`: what the npm package holds besides its manifest, under dist/.
 *
 * Everything is bundled, so that the package needs no other one. One function makes each part.
 */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { runCommand } from './command.ts';
import { ROOT } from './environment.ts';
import { buildBrowser } from './package/browser.ts';
import { buildCli } from './package/cli.ts';
import { buildSdk } from './package/sdk.ts';
import { makePages } from './pages.ts';

const DIST = join(ROOT, 'dist');

await runCommand(async () => {
  // Declarations of modules that are gone.
  await rm(join(DIST, 'types'), { recursive: true, force: true });
  await makePages();
  await buildSdk(DIST);
  await buildBrowser(DIST);
  await buildCli(join(DIST, 'cli'));
});
