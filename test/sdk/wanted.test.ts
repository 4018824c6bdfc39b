import { beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { adapterId, createClient, type T2lClient } from '../../src/sdk/index.ts';
import { ADMIN_TOKEN, type SharedServer, sharedServer } from '../server.ts';

let server: SharedServer;
let client: T2lClient;
let admin: T2lClient;

beforeAll(async () => {
  server = await sharedServer();
  client = createClient({ endpoint: server.origin });
  admin = createClient({ endpoint: server.origin, token: ADMIN_TOKEN });
});

test('an unlisted adapter, its id, and the list that has it', async () => {
  const request = { description: 'Answer as the SDK would', unlisted: true, allow_unfit: true };
  const document = await client.generate(request);
  expect(document).toMatchObject({ unlisted: true, warnings: [] });
  expect(await client.adapterId(request)).toBe(document.id);
  const { digest } = document.hypernet;
  const own = { description: request.description, digest, precision: 'int8' as const };
  expect(await adapterId({ ...own, unlisted: false, allow_unfit: false })).toBe(document.id);
  const q = 'as the SDK would';
  expect((await client.adapters({ q })).adapters).toEqual([]);
  expect((await client.adapters({ q, unlisted: false })).adapters).toEqual([]);
  expect((await admin.adapters({ q, unlisted: true })).adapters).toEqual([
    { ...document, cached: true },
  ]);
  await expect(client.adapters({ unlisted: true })).rejects.toMatchObject({
    code: 'admin_token_missing',
  });
});

test('a refusal of what is unfit has the fit', async () => {
  const request = { description: 'Reverse the order of the words.', strength: -2 };
  await expect(client.generate({ ...request, allow_unfit: false })).rejects.toMatchObject({
    code: 'adapter_unfit',
    status: 422,
    extra: { fit: { verdict: 'unfit', reason: { code: 'strength' } } },
  });
  const [line] = await client.batch([{ ...request, allow_unfit: false }]);
  expect(line).toMatchObject({ status: 422, problem: { code: 'adapter_unfit' } });
});

test('the document of an endpoint of before, which says nothing of lists and warnings, is read', async () => {
  const {
    unlisted: _unlisted,
    warnings: _warnings,
    ...before
  } = await client.generate({
    description: 'Answer as before',
  });
  expect(adapterSchema.parse(before)).toEqual({ ...before, unlisted: false, warnings: [] });
});
