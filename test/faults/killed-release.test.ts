/**
 * `npm run release` is killed, and all that it started with it, between its steps: what was active goes
 * on being active and makes adapters, and the same command, run again, finishes.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';
import { openLocalTarget } from '../../scripts/release/target.ts';
import { miniBundle } from '../bundles.ts';
import { type CopyRoot, createCopyRoot } from '../scripts/bundle-copy.ts';

vi.setConfig({ testTimeout: 600_000 });

const NAME = 't2l-mini';
const VERSION = '9.9.0';
/** What it says of the steps that leave something new behind: files, and then a bundle that is registered. */
const STEPS = [/^uploaded/m, /^tried/m];

let copies: CopyRoot;
let directory: string;
let state: string;

beforeAll(async () => {
  copies = await createCopyRoot();
  directory = await copies.copy(VERSION);
  state = join(copies.path, 'state');
});

afterAll(() => copies?.remove());

/** Runs it to its end, or until it has said something; then it is killed. */
async function release(killAfter?: RegExp): Promise<{ code: number | null; said: string }> {
  const script = join(ROOT, 'scripts/release-hypernet.ts');
  const child = spawn(process.execPath, [script, directory, '--persist-to', state], {
    // A group of its own: wrangler and workerd die with it.
    detached: true,
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  let said = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.on('data', (chunk: Buffer) => {
      said += chunk;
      if (killAfter?.test(said) && child.exitCode === null && child.pid !== undefined) {
        process.kill(-child.pid, 'SIGKILL');
      }
    });
  }
  const [code] = await once(child, 'close');
  return { code: code as number | null, said };
}

/** Which version is active, and makes adapters. */
async function activeVersion(): Promise<string | undefined> {
  const target = await openLocalTarget(state);
  try {
    const { active, versions } = await target.client.hypernet(NAME);
    const made = await target.client.generate({ description: 'Sort the words', hypernet: NAME });
    expect(made.hypernet.digest).toBe(active);
    return versions.find(({ digest }) => digest === active)?.version;
  } finally {
    await target.close();
  }
}

test('killed between its steps, it leaves what was active, and finishes when it is run again', async () => {
  const { version: before } = await miniBundle();
  for (const step of STEPS) {
    const { code, said } = await release(step);
    expect([step, code, said]).toEqual([step, null, expect.stringMatching(step)]);
    expect(said).not.toMatch(/is active/);
  }
  // After the last step it may have been done already.
  expect([before, VERSION]).toContain(await activeVersion());
  const { code, said } = await release();
  expect([code, said]).toEqual([0, expect.stringContaining(`${NAME} ${VERSION} is active`)]);
  expect(await activeVersion()).toBe(VERSION);
});
