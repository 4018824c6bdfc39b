import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';

const WITH_NPM = join(import.meta.dirname, '../../scripts/with-npm.ts');
/** A script that would go on for ever, and ends with npm. */
const SCRIPT = `
  import { onNpmEnded } from ${JSON.stringify(WITH_NPM)};
  setInterval(() => {}, 1000);
  onNpmEnded(() => process.exit(0));
  console.log(process.pid);
`;
/** npm: a shell between it and the script, which waits for the script and hands on no signal. */
const NPM = `
  const { spawn } = require('node:child_process');
  spawn('sh', ['-c', '"$0" --input-type=module-typescript -e "$1"; true', process.execPath, process.argv[1]], {
    stdio: 'inherit',
    env: { ...process.env, npm_lifecycle_event: 'start' },
  });
`;

test.each(['SIGTERM', 'SIGHUP', 'SIGKILL'] as const)(
  'what npm started ends when npm is ended by %s',
  async (signal) => {
    const npm = spawn(process.execPath, ['-e', NPM, SCRIPT], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    const [text] = (await once(npm.stdout, 'data')) as [Buffer];
    const pid = Number(String(text));
    expect(isAlive(pid)).toBe(true);
    npm.kill(signal);
    for (let tries = 0; isAlive(pid) && tries < 300; tries++) {
      await sleep(100);
    }
    expect(isAlive(pid)).toBe(false);
  },
);

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
