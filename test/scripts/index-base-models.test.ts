import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { BASE_MODEL_INDEX, describeBaseModels } from '../../scripts/index-base-models.ts';

test('the list of base models is the one of the folders and bundles', async () => {
  const hint = 'run node scripts/index-base-models.ts';
  expect(await readFile(BASE_MODEL_INDEX, 'utf8'), hint).toBe(await describeBaseModels());
});
