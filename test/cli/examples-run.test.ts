/**
 * The examples of the help, run in a real shell one after the other as they stand there, with `t2l` on
 * its path and the id of the first adapter for ID. Left out are those that need somebody else.
 */
import { execFile } from 'node:child_process';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { EXAMPLES, FIRST_EXAMPLES } from '../../src/cli/examples.ts';
import { COMMAND, temporaryFolder } from './command.ts';

/** A server that does not end, Cloudflare, an endpoint of others, and bundles of the reader's own. */
const NEEDS_OTHERS = /t2l serve|t2l publish|t2l\.example|--hypernets bundles/;

test('every example that needs nobody else ends well', async () => {
  const cwd = temporaryFolder();
  await mkdir(join(cwd, 'bin'));
  const shim = join(cwd, 'bin/t2l');
  await writeFile(shim, `#!/bin/sh\nexec '${process.execPath}' '${COMMAND}' "$@"\n`);
  await chmod(shim, 0o755);
  await writeFile(join(cwd, 'requests.jsonl'), '"Drop the last word."\n');
  const {
    T2L_ENDPOINT: _endpoint,
    DISPLAY: _screen,
    WAYLAND_DISPLAY: _other,
    ...own
  } = process.env;
  const env = {
    ...own,
    PATH: `${join(cwd, 'bin')}:${process.env.PATH}`,
    XDG_DATA_HOME: join(cwd, 'home'),
  };

  function shell(line: string): Promise<{ code: number; stdout: string; stderr: string }> {
    return new Promise((resolve) => {
      const child = execFile('bash', ['-c', line], { cwd, env }, (error, stdout, stderr) =>
        resolve({ code: Number(error?.code ?? 0), stdout, stderr }),
      );
      child.stdin?.end();
    });
  }

  const first = await shell(EXAMPLES.generate?.[0] ?? '');
  const id = /[0-9a-f]{64}/.exec(first.stdout)?.[0] ?? '';
  expect(id).not.toBe('');
  const lines = [...FIRST_EXAMPLES, ...Object.values(EXAMPLES).flat()];
  const run = lines.filter((line) => !NEEDS_OTHERS.test(line));
  expect(run.length).toBeGreaterThan(20);
  for (const line of run) {
    const { code, stderr } = await shell(line.replace(/\bID\b/, id));
    expect([line, code, stderr]).toEqual([line, 0, '']);
  }
});
