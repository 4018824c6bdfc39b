import { beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { defaultBundle } from '../bundles.ts';
import { type SharedServer, sharedServer } from '../server.ts';

let server: SharedServer;

beforeAll(async () => {
  server = await sharedServer();
});

test('a link makes an adapter once, the same as the POST', async () => {
  const { name, version } = await defaultBundle();
  const query = new URLSearchParams({
    d: ' Follow  the\nlink ',
    hypernet: `${name}@${version}`,
    dtype: 'bfloat16',
    precision: 'float32',
    strength: '-0.5',
  });
  const path = `/v1/adapters/by-description?${query}`;
  const first = await server.fetch(path);
  expect(first.status).toBe(201);
  const document = adapterSchema.parse(await first.json());
  expect(document).toMatchObject({
    description: 'Follow the link',
    dtype: 'bfloat16',
    precision: 'float32',
    strength: -0.5,
    cached: false,
  });
  const second = await server.fetch(path);
  expect(second.status).toBe(200);
  expect(await second.json()).toEqual({ ...document, cached: true });
  const posted = await server.send('/v1/adapters', {
    description: 'Follow the link',
    dtype: 'bfloat16',
    precision: 'float32',
    strength: -0.5,
  });
  expect(posted.status).toBe(200);
  expect(await posted.json()).toEqual({ ...document, cached: true });
});

test.each([
  ['', 'input_missing', 400],
  ['d=', 'description_empty', 400],
  [`d=${'a'.repeat(2001)}`, 'description_too_long', 400],
  ['d=a&strength=two', 'strength_not_number', 400],
  ['d=a&strength=', 'strength_not_number', 400],
  ['d=a&strength=9', 'strength_out_of_range', 400],
  ['d=a&dtype=int4', 'dtype_unknown', 400],
  ['d=a&precision=int4', 'precision_unknown', 400],
  ['d=a&hypernet=@', 'hypernet_malformed', 400],
  ['d=a&hypernet=nobody', 'hypernet_unknown', 404],
  ['d=a&description=b', 'field_unknown', 400],
  ['d=a&d=b', 'parameter_repeated', 400],
])('?%s is %s', async (query, code, status) => {
  const response = await server.fetch(`/v1/adapters/by-description?${query}`);
  expect(response.status).toBe(status);
  expect(await response.json()).toMatchObject({ code });
});
