/** A release that is ended by a signal leaves no process behind, nor its secrets. */
import { spawn } from 'node:child_process';
import { readdir, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';
import { keptFolder } from '../cli/command.ts';
import { miniBundleFolder } from './bundle-copy.ts';

/** Processes that have a text on their command line. */
async function processesWith(text: string): Promise<string[]> {
  const all = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const lines = await Promise.all(
    all.map((pid) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '')),
  );
  return lines.filter((line) => line.includes(text));
}

test.each(['SIGTERM', 'SIGHUP'] as const)(
  'a release that %s ends takes its endpoint with it',
  async (signal) => {
    const state = keptFolder();
    const args = [await miniBundleFolder(), '--persist-to', state];
    const child = spawn(process.execPath, [join(ROOT, 'scripts/release-hypernet.ts'), ...args]);
    const closed = new Promise((resolve) => child.on('close', resolve));
    let said = '';
    await new Promise<void>((resolve) => {
      child.stderr.on('data', (chunk: Buffer) => {
        said += chunk;
        if (/^figures:/m.test(said)) {
          resolve();
        }
      });
      void closed.then(() => resolve());
    });
    expect(said).toMatch(/^figures:/m);
    expect((await processesWith(state)).length).toBeGreaterThan(1);
    child.kill(signal);
    expect(await closed).toBe({ SIGTERM: 143, SIGHUP: 129 }[signal]);
    expect(await processesWith(state)).toEqual([]);
    await rm(state, { recursive: true, force: true });
  },
  300_000,
);

test('a program that is waited for ends with whoever waits', async () => {
  const mark = `t2l-child-${process.pid}-${Date.now()}`;
  const program = `
    import { runWithUs } from ${JSON.stringify(join(ROOT, 'scripts/signals.ts'))};
    await runWithUs(['-e', 'setInterval(() => {}, 1000)', ${JSON.stringify(mark)}], { cwd: '/', env: {} });`;
  const parent = spawn(process.execPath, ['--input-type=module-typescript', '-e', program]);
  const closed = new Promise((resolve) => parent.on('close', resolve));
  // The parent has the mark within its program, the child as an argument.
  await vi.waitFor(async () => expect(await processesWith(mark)).toHaveLength(2), 20_000);
  parent.kill('SIGTERM');
  expect(await closed).toBe(143);
  expect(await processesWith(mark)).toEqual([]);
});
