/** What is removed for good while somebody makes it: whoever removed it did not see it, and it must not stay. */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { T2lError } from '../../src/contract/errors.ts';
import { localCatalog } from '../../src/local/catalog.ts';
import { localEffects } from '../../src/local/pipeline.ts';
import { generateAdapter } from '../../src/pipeline/generate.ts';
import { temporaryFolder } from '../cli/command.ts';

test('an adapter that was refused while it was made is not answered with, and leaves nothing', async () => {
  const data = temporaryFolder();
  const effects = localEffects(await localCatalog(undefined), { data });
  let asked = 0;
  const request = {
    input: { description: 'Reverse the order of the words.' },
    hypernet: undefined,
    dtype: 'float16',
    precision: undefined,
    strength: 1,
  } as const;
  const made = generateAdapter(request, {
    ...effects,
    async refuse() {
      // First it is asked for its words, then for its vector, and then it is there.
      if (++asked === 3) {
        throw new T2lError('adapter_refused', 'It was removed for good.');
      }
    },
  });
  await expect(made).rejects.toMatchObject({ code: 'adapter_refused', status: 410 });
  expect(asked).toBe(3);
  for (const place of ['rows', 'adapters']) {
    expect([place, await readdir(join(data, place))]).toEqual([place, []]);
  }
  await rm(data, { recursive: true });
});
