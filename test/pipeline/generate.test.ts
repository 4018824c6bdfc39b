import { expect, test } from 'vitest';
import { T2lError } from '../../src/contract/errors.ts';
import { localCatalog } from '../../src/local/catalog.ts';
import { localEffects } from '../../src/local/pipeline.ts';
import { type AdapterRequest, generateAdapter } from '../../src/pipeline/generate.ts';
import { temporaryFolder } from '../cli/command.ts';

test('who may make no more adapters still gets those that are there', async () => {
  const catalog = await localCatalog();
  const effects = localEffects(catalog, { data: temporaryFolder() });
  const full = {
    ...effects,
    admit: () => Promise.reject(new T2lError('rate_limited', 'No more.')),
  };
  function request(description: string): AdapterRequest {
    const rest = {
      hypernet: undefined,
      dtype: 'float32',
      precision: undefined,
      strength: 1,
    } as const;
    return { ...rest, input: { description } };
  }
  const made = await generateAdapter(request('Reverse the words.'), effects);
  expect(await generateAdapter(request('Reverse the words.'), full)).toEqual({
    row: made.row,
    known: true,
  });
  await expect(generateAdapter(request('Sort the words.'), full)).rejects.toThrow('No more.');
  expect((await effects.adapters.list({ limit: 5 })).rows).toHaveLength(1);
});
