/** `t2l keys new`: a private key that only its owner reads, and that is never written over. */
import { readFile, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readPrivateKey } from '../../src/bundle/sign.ts';
import { t2l, temporaryFolder } from './command.ts';

test('a new key is written for its owner, and its public key is printed', async () => {
  const cwd = temporaryFolder();
  const run = await t2l(['keys', 'new', 'release.pem'], { cwd });
  const pem = await readFile(join(cwd, 'release.pem'), 'utf8');
  const { id, publicKey } = await readPrivateKey(pem);
  expect(run).toEqual({
    code: 0,
    stderr: '',
    stdout: `public key   ${publicKey}\nid           ${id}\nprivate key  in release.pem, for nobody else\n`,
  });
  expect((await stat(join(cwd, 'release.pem'))).mode & 0o777).toBe(0o600);

  const again = await t2l(['keys', 'new', 'release.pem'], { cwd });
  expect(again).toMatchObject({ code: 1, stdout: '' });
  expect(again.stderr).toContain('(key_file_taken)');
  expect(await readFile(join(cwd, 'release.pem'), 'utf8')).toBe(pem);
});

test('a key in a folder that is not there is refused', async () => {
  const run = await t2l(['keys', 'new', 'none/release.pem'], { cwd: temporaryFolder() });
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toBe(
    't2l: none/release.pem must lie in a folder that exists. (usage_invalid)\n',
  );
});
