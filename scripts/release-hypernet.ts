/**
 * `npm run release`: brings a hypernetwork to an endpoint. What each step does is in release/release.ts;
 * any failure ends with exit code 1 and leaves what was active active.
 */
import { progress, runCommand } from './command.ts';
import { abortCanary, promote } from './release/canary.ts';
import { readOptions, USAGE } from './release/options.ts';
import { releaseBundle } from './release/release.ts';
import { rollBack } from './release/roll-back.ts';
import { signingKey } from './release/signing.ts';
import { openLocalTarget, openRemoteTarget } from './release/target.ts';
import { yank } from './release/yank.ts';

await runCommand(main, USAGE);

async function main(): Promise<void> {
  const { remote, state, work } = readOptions();
  const openTarget = () => (remote ? openRemoteTarget(process.env) : openLocalTarget(state));
  switch (work.kind) {
    case 'rollback': {
      const version = await rollBack(work, await openTarget());
      console.log(`${work.name} is back at ${version}`);
      return;
    }
    case 'promote': {
      const version = await promote(work, await openTarget());
      console.log(`${work.name} ${version} is active`);
      return;
    }
    case 'abort':
      await abortCanary(work.name, await openTarget());
      console.log(`${work.name} has no canary any more`);
      return;
    case 'yank':
      await yank(work, await openTarget());
      console.log(`${work.name} ${work.version} makes no new adapters any more`);
      return;
    case 'release': {
      const key = await signingKey(work.key, process.env);
      const released = await releaseBundle({ ...work, key, openTarget, log: progress });
      const state = work.canary === undefined ? 'is active' : `answers for ${work.canary} %`;
      console.log(`${released.name} ${released.version} ${state} with digest ${released.digest}`);
    }
  }
}
