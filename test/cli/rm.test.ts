/** `t2l rm` here and at an endpoint, and `t2l open`. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ADMIN_TOKEN, type SharedServer, sharedServer } from '../server.ts';
import { keptFolder, t2l } from './command.ts';

const folder = keptFolder();
const here = ['--data', join(folder, 'data')];
let endpoint: SharedServer;

beforeAll(async () => {
  endpoint = await sharedServer();
});

afterAll(() => rm(folder, { recursive: true, force: true }));

async function make(description: string, where: readonly string[]): Promise<string> {
  const run = await t2l(['generate', description, '--json', '--force', '--out', 'made', ...where], {
    cwd: folder,
  });
  return JSON.parse(run.stdout).id;
}

test('what is removed here leaves nothing, and an unknown id does not keep the others', async () => {
  const id = await make('Reverse the order of the words.', here);
  await t2l(['get', id, '--layout', 'gguf', '--out', 'gguf', ...here], { cwd: folder });
  const run = await t2l(['rm', 'f'.repeat(64), id.slice(0, 12), ...here]);
  expect(run.code).toBe(3);
  expect(run.stdout).toContain(`removed  ${id}  Reverse the order of the words.`);
  expect(run.stderr).toContain('adapter_unknown');
  for (const place of ['rows', 'adapters', 'layouts']) {
    expect([place, await readdir(join(folder, 'data', place))]).toEqual([place, []]);
  }
  expect((await t2l(['show', id, ...here])).code).toBe(3);
});

test('an endpoint wants its token', async () => {
  const there = ['--endpoint', endpoint.origin];
  const id = await make('Remove the first word.', there);
  const refused = await t2l(['rm', id, ...there]);
  expect(refused.code).not.toBe(0);
  expect(refused.stderr).toContain('T2L_TOKEN');
  const env = { T2L_TOKEN: ADMIN_TOKEN };
  const run = await t2l(['rm', id, '--json', ...there], { env });
  expect(JSON.parse(run.stdout)).toMatchObject({ removed: [{ id }], failed: [] });
  expect((await t2l(['show', id, ...there])).code).toBe(3);
});

test('what is refused is not made again, and only an endpoint refuses', async () => {
  const there = ['--endpoint', endpoint.origin];
  const id = await make('Answer with the longest word of all.', there);
  const run = await t2l(['rm', '--refuse', id, ...there], { env: { T2L_TOKEN: ADMIN_TOKEN } });
  expect(run.code).toBe(0);
  const again = await t2l(['generate', 'Answer with the LONGEST word of all.', ...there]);
  expect(again.stderr).toContain('adapter_refused');
  const local = await t2l(['rm', '--refuse', id, ...here]);
  expect(local).toMatchObject({ code: 2 });
  expect(local.stderr).toContain('--endpoint');
});

test('open prints the address of the page, and of an adapter on it', async () => {
  const env = { PATH: folder, T2L_ENDPOINT: `${endpoint.origin}/v1` };
  const page = await t2l(['open'], { env });
  expect(page).toMatchObject({ code: 0, stdout: `${endpoint.origin}/\n` });
  const id = await make('Keep the last word.', ['--endpoint', endpoint.origin]);
  const run = await t2l(['open', id.slice(0, 16)], { env });
  expect(run).toMatchObject({ code: 0, stdout: `${endpoint.origin}/#${id}\n` });
});
