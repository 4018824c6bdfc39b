/**
 * `npm run release`: brings a hypernetwork to an endpoint.
 *
 *   npm run release -- DIR              to the local state that `npm start` uses
 *   npm run release -- DIR --remote     to Cloudflare and the endpoint at T2L_ENDPOINT
 *   npm run release -- --rollback NAME [--remote]
 *
 * --remote needs T2L_ENDPOINT, T2L_ADMIN_TOKEN, and wrangler logged in (or CLOUDFLARE_API_TOKEN and
 * CLOUDFLARE_ACCOUNT_ID). --persist-to FOLDER names another local state. What each step does is in
 * release/release.ts; any failure ends with exit code 1 and leaves what was active active.
 */
import { resolve } from 'node:path';
import { parseArgs } from 'node:util';
import { T2lError } from '../src/contract/errors.ts';
import { progress, runCommand } from './command.ts';
import { DEFAULT_STATE } from './release/local.ts';
import { releaseBundle, rollBack } from './release/release.ts';
import { openLocalTarget, openRemoteTarget } from './release/target.ts';

await runCommand(main);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
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
    throw usage('Name one bundle folder, or one hypernetwork as --rollback NAME.');
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

function usage(detail: string): T2lError {
  return new T2lError('usage_invalid', `${detail} See the header of scripts/release-hypernet.ts.`);
}
