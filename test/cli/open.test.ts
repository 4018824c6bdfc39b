/** `t2l open` where there is a browser: its opener is called with the address and not waited for. */
import { chmod, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { opener } from '../../src/cli/browser.ts';
import { readIfThere } from '../../src/local/whole-file.ts';
import { t2l, temporaryFolder } from './command.ts';

const ENDPOINT = 'http://localhost:8787';

test.runIf(process.platform === 'linux')('the opener gets the address', async () => {
  const folder = temporaryFolder();
  const opened = join(folder, 'opened');
  const program = join(folder, 'xdg-open');
  await writeFile(program, `#!/bin/sh\necho "$@" >${opened}.new && mv ${opened}.new ${opened}\n`);
  await chmod(program, 0o755);
  const env = { PATH: `${folder}:${process.env.PATH}`, DISPLAY: ':0' };
  const run = await t2l(['open', '--endpoint', ENDPOINT], { env });
  expect(run).toMatchObject({ code: 0, stdout: `${ENDPOINT}/\n`, stderr: '' });
  for (let tries = 0; (await readIfThere(opened)) === null && tries < 300; tries++) {
    await sleep(100);
  }
  expect(await readFile(opened, 'utf8')).toBe(`${ENDPOINT}/\n`);
});

test('without an opener the address is printed all the same', async () => {
  const env = { PATH: temporaryFolder(), DISPLAY: ':0' };
  const run = await t2l(['open', '--endpoint', ENDPOINT], { env });
  expect(run).toMatchObject({ code: 0, stdout: `${ENDPOINT}/\n`, stderr: '' });
});

test('each platform has its opener, and a machine without a screen none', () => {
  expect(opener('darwin', {})).toEqual(['open']);
  expect(opener('win32', {})[0]).toBe('cmd');
  expect(opener('linux', { WAYLAND_DISPLAY: 'wayland-0' })).toEqual(['xdg-open']);
  expect(opener('linux', {})).toEqual([]);
});
