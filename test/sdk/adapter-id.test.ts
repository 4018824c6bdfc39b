import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { type AdapterIdRequest, adapterId } from '../../src/sdk/index.ts';

const DIGEST = 'ab'.repeat(32);

test('an id is the hash that anybody can compute', async () => {
  const id = await adapterId({
    digest: DIGEST,
    precision: 'int8',
    description: ' Keep\u00a0the  cafe\u0301 ',
    strength: 0.5,
  });
  const fields = [
    't2l-adapter/2',
    DIGEST,
    'int8',
    'float16',
    '0.5',
    'description:Keep the caf\u00e9',
  ];
  expect(id).toBe(createHash('sha256').update(fields.join('\n')).digest('hex'));
});

test('strengths that are rounded to one have one id', async () => {
  const request = { digest: DIGEST, precision: 'int8', description: 'x' } as const;
  const ids = (strengths: number[]) =>
    Promise.all(strengths.map((strength) => adapterId({ ...request, strength })));
  const half = await ids([0.5, 0.52, 0.4751, 0.5 + Number.EPSILON]);
  expect(new Set(half).size).toBe(1);
  expect(await ids([0.1 + 0.2])).toEqual(await ids([0.3]));
  expect(new Set(await ids([0.5, 0.55, -0.5, 1])).size).toBe(4);
});

test('there is no id for what the endpoint would refuse', async () => {
  const request = { digest: DIGEST, precision: 'int8', description: 'x' } as const;
  const cases: [string, AdapterIdRequest][] = [
    ['digest_malformed', { ...request, digest: 't2l-mini' }],
    ['description_empty', { ...request, description: ' \n' }],
    ['description_too_long', { ...request, description: 'x'.repeat(2001) }],
    ['input_missing', { ...request, description: undefined }],
    ['input_ambiguous', { ...request, embedding: [1] }],
    ['embedding_not_finite', { ...request, description: undefined, embedding: [Number.NaN] }],
    ['strength_out_of_range', { ...request, strength: 0 }],
    ['strength_out_of_range', { ...request, strength: -0.02 }],
    ['dtype_unknown', { ...request, dtype: 'float8' as 'float16' }],
    ['precision_unknown', { ...request, precision: 'int4' as 'int8' }],
    ['field_unknown', { ...request, strenght: 1 } as AdapterIdRequest],
  ];
  for (const [code, wrong] of cases) {
    await expect(adapterId(wrong), code).rejects.toMatchObject({ code, status: 400 });
  }
});
