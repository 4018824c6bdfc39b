/** Where layouts come from: a bundle that is damaged is not taken for one that was replaced. */
import { expect, test } from 'vitest';
import { T2lError } from '../../src/contract/errors.ts';
import { localCatalog } from '../../src/local/catalog.ts';
import { layoutTarget, madeByDigest } from '../../src/pipeline/layout-target.ts';
import type { Catalog } from '../../src/store/catalog.ts';
import { adapterRow, idOf } from '../store/row.ts';

test('a damaged bundle is called that, though another version is like it', async () => {
  const whole = await localCatalog();
  const version = await whole.resolve('t2l-mini');
  const { target } = (await whole.open(version)).manifest;
  const row = adapterRow({
    id: idOf('1'),
    rank: target.rank,
    targetModules: target.modules.map(({ name }) => name),
  });
  expect(await layoutTarget(row, whole)).toEqual(target);
  const damaged: Catalog = {
    ...whole,
    byDigest: async () => ({ ...version, digest: row.hypernetDigest }),
    open: async (one) => {
      if (one.digest === row.hypernetDigest) {
        throw new T2lError('bundle_digest_mismatch', 'manifest.json is another file');
      }
      return whole.open(one);
    },
  };
  await expect(layoutTarget(row, damaged)).rejects.toMatchObject({
    code: 'bundle_digest_mismatch',
  });
  expect((await madeByDigest([row], damaged)).size).toBe(0);
});
