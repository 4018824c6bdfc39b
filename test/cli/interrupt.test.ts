import { watch } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { expect, onTestFinished, test } from 'vitest';
import { t2l, temporaryFolder } from './command.ts';

test('a generate that is killed while it writes leaves a whole folder or none', async () => {
  for (const moment of [/^\.t2l-out-/, /^data$/]) {
    const cwd = temporaryFolder();
    const args = ['generate', 'Reverse the words', '--out', 'out', '--data', 'data'];
    const watcher = watch(cwd);
    onTestFinished(() => watcher.close());
    const seen = Promise.withResolvers<void>();
    watcher.on('change', (_event, name) => {
      if (moment.test(String(name))) {
        seen.resolve();
      }
    });
    const run = await t2l(args, { cwd, interrupt: { after: seen.promise, signal: 'SIGKILL' } });
    const there = (await readdir(cwd)).includes('out');
    if (there) {
      expect(await t2l(['verify', 'out'], { cwd })).toMatchObject({ code: 0 });
    }
    // A run that was faster than the signal has done all of it.
    expect(run.code === null || there, String(moment)).toBe(true);
    // What the store holds by now is whole, or is made again.
    expect(await t2l(args, { cwd })).toMatchObject({ code: 0, stderr: '' });
    expect(await t2l(['verify', 'out'], { cwd })).toMatchObject({ code: 0 });
  }
});

test('an interrupted generate says so, writes no folder and ends with 130', async () => {
  const cwd = temporaryFolder();
  // An endpoint that takes the request and never answers: the signal comes while it is asked.
  const asked = Promise.withResolvers<void>();
  const server = createServer(() => asked.resolve()).listen(0, '127.0.0.1');
  onTestFinished(() => {
    server.closeAllConnections();
    server.close();
  });
  await new Promise((resolve) => server.once('listening', resolve));
  const { port } = server.address() as AddressInfo;
  const run = await t2l(
    ['generate', 'x', '--out', 'out', '--endpoint', `http://127.0.0.1:${port}`],
    { cwd, interrupt: { after: asked.promise, signal: 'SIGINT' } },
  );
  expect(run).toMatchObject({
    code: 130,
    stdout: '',
    stderr: 't2l: interrupted; nothing was written\n',
  });
  expect(await readdir(cwd)).toEqual([]);
});
