/**
 * `npm run release`: brings a hypernetwork to an endpoint. What each step does is in release/release.ts;
 * any failure ends with exit code 1 and leaves what was active active.
 */
import { resolve } from 'node:path';
import { progress, readArguments, runCommand, WrongUsage } from './command.ts';
import { DEFAULT_STATE } from './release/local.ts';
import { releaseBundle, rollBack } from './release/release.ts';
import { openLocalTarget, openRemoteTarget } from './release/target.ts';

const USAGE = `Bring a hypernetwork to an endpoint: verify it, upload it, register it, try it, activate it.

  npm run release -- DIR [options]               the bundle in a folder
  npm run release -- --rollback NAME [options]   the version of a hypernetwork that was active before

  --remote             to Cloudflare and the endpoint at T2L_ENDPOINT, not to this machine; needs
                       T2L_ADMIN_TOKEN too, and wrangler logged in (or CLOUDFLARE_API_TOKEN and
                       CLOUDFLARE_ACCOUNT_ID)
  --persist-to FOLDER  another local state than that of npm start
  --help               print this

Whatever fails leaves what was active active.`;

await runCommand(main, USAGE);

async function main(): Promise<void> {
  const { values, positionals } = readArguments({
    allowPositionals: true,
    options: {
      remote: { type: 'boolean', default: false },
      rollback: { type: 'string' },
      'persist-to': { type: 'string', default: DEFAULT_STATE },
    },
  });
  const [directory] = positionals;
  const wanted = positionals.length + (values.rollback === undefined ? 0 : 1);
  if (wanted !== 1) {
    throw new WrongUsage('Name one bundle folder, or one hypernetwork as --rollback NAME.');
  }
  const state = resolve(values['persist-to']);
  const openTarget = () => (values.remote ? openRemoteTarget(process.env) : openLocalTarget(state));
  if (values.rollback !== undefined) {
    const active = await rollBack(values.rollback, await openTarget());
    console.log(`${values.rollback} is back at ${active}`);
    return;
  }
  const released = await releaseBundle({ directory: directory ?? '', openTarget, log: progress });
  console.log(`${released.name} ${released.version} is active with digest ${released.digest}`);
}
