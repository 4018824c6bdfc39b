/** `t2l run` with an adapter whose base model is not here: it says what it is for, and where it runs. */
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type CopyRoot, createCopyRoot } from '../scripts/bundle-copy.ts';
import { t2l, temporaryFolder } from './command.ts';

let root: CopyRoot;

beforeAll(async () => {
  root = await createCopyRoot();
  await root.copy('9.0.0', {
    manifest: (manifest) => {
      (manifest as unknown as { target: { base_model: { id: string } } }).target.base_model.id =
        'them/theirs';
    },
  });
});

afterAll(() => root.remove());

test('the base model and the lines for PEFT and llama.cpp are named, and work', async () => {
  const cwd = temporaryFolder();
  const place = ['--hypernets', root.path, '--data', join(cwd, 'data')];
  const args = ['run', 'Reverse the words.', 'cat sun map', '--hypernet', 't2l-mini@9.0.0'];
  const run = await t2l([...args, ...place], { cwd });
  expect(run).toMatchObject({ code: 2, stdout: '' });
  expect(run.stderr).toMatch(
    /^t2l: them\/theirs is not here: name its GGUF file with --gguf FILE\./,
  );
  const [, id = ''] = /In PEFT: t2l get (\w+) --out \1, then /.exec(run.stderr) ?? [];
  expect(run.stderr).toContain(`PeftModel.from_pretrained(base, "${id}")`);
  expect(run.stderr).toContain(`llama-server -m base.gguf --lora ${id}/adapter.gguf`);
  expect(run.stderr.trimEnd().split('\n')).toHaveLength(1);
  // What is named to be typed is what there is.
  const get = await t2l(['get', id, '--out', id, '--layout', 'gguf', ...place], { cwd });
  expect(get.code).toBe(0);
});
