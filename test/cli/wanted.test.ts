/** What `t2l generate` may be told to want of an adapter besides, and what it warns of. */
import { expect, test } from 'vitest';
import { t2l, temporaryFolder } from './command.ts';

const DESCRIPTION = 'Reverse the order of the words.';

test('an unlisted adapter is in no list but that of its kind, and can be listed', async () => {
  const cwd = temporaryFolder();
  const run = (...args: string[]) => t2l([...args, '--data', 'data', '--json'], { cwd });
  const made = await run('generate', DESCRIPTION, '--unlisted', '--out', 'out');
  expect([made.code, made.stderr]).toEqual([0, '']);
  const { id, adapter } = JSON.parse(made.stdout);
  expect(adapter.unlisted).toBe(true);
  const idsOf = async (...options: string[]) =>
    JSON.parse((await run('list', ...options)).stdout).adapters.map(
      (one: { id: string }) => one.id,
    );
  expect(await idsOf()).toEqual([]);
  expect(await idsOf('--unlisted', '--q', 'REVERSE')).toEqual([id]);
  const shown = await t2l(['show', id, '--data', 'data'], { cwd });
  expect(shown.stdout).toMatch(/^listed +no: /m);
  expect((await run('id', DESCRIPTION)).stdout).toContain(id);
  // A line of a batch is a request, which may say more.
  const input = `${JSON.stringify({ description: DESCRIPTION, unlisted: false })}\n`;
  const batch = await t2l(['batch', '-', '--data', 'data'], { cwd, input });
  expect(batch.code).toBe(0);
  expect([await idsOf(), await idsOf('--unlisted')]).toEqual([[id], []]);
  expect((await t2l(['show', id, '--data', 'data'], { cwd })).stdout).not.toMatch(/^listed/m);
});

test('what is not expected to work is refused to whoever wants none of it', async () => {
  const cwd = temporaryFolder();
  const args = ['generate', DESCRIPTION, '--strength', '4', '--data', 'data', '--out', 'out'];
  const refused = await t2l([...args, '--refuse-unfit'], { cwd });
  expect(refused.code).toBe(2);
  expect(refused.stderr).toMatch(/^t2l: The fit is unfit \(score .*\(adapter_unfit\)$/m);
  const made = await t2l(args, { cwd });
  expect(made.code).toBe(0);
  expect(made.stderr).toMatch(/^t2l: fit is unfit/m);
  expect(made.stderr).toMatch(/^t2l: at strength 4 the update of \d+ layers is larger than any/m);
  const id = /^id +([0-9a-f]{64})$/m.exec(made.stdout)?.[1] as string;
  const shown = await t2l(['show', id, '--data', 'data'], { cwd });
  expect(shown.stdout).toMatch(/^warning +at strength 4 the update of/m);
});
