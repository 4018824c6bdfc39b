/** The files of base models at an endpoint: what is there is told and sent, and nothing else. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { baseModelSchema } from '../../src/contract/documents/base-model.ts';
import { baseModelKeys } from '../../src/store/base-models.ts';
import { startServer, type TestServer } from '../server.ts';

const ID = 'them/Their-Model_1.0';
const PATH = `/v1/base-models/${ID}`;
const BYTES = Uint8Array.from({ length: 1000 }, (_, at) => at % 251);
const SHA256 = createHash('sha256').update(BYTES).digest('hex');

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  await put(ID, BYTES.length);
  // Noted, but the bytes are fewer: a copy that was cut off.
  await put('them/cut', BYTES.length + 1);
});

afterAll(() => server.close());

async function put(id: string, bytes: number): Promise<void> {
  const keys = baseModelKeys(id);
  await server.env.HYPERNETS.put(keys.file, BYTES);
  await server.env.HYPERNETS.put(keys.note, JSON.stringify({ bytes, sha256: SHA256 }));
}

test('a file that is there is told of, and sent whole or in part', async () => {
  const document = baseModelSchema.parse(await (await server.fetch(PATH)).json());
  const file = { name: 'model.gguf', bytes: 1000, sha256: SHA256, url: `${PATH}/model.gguf` };
  expect(document).toEqual({ id: ID, file });
  const whole = await server.fetch(file.url);
  expect(new Uint8Array(await whole.arrayBuffer())).toEqual(BYTES);
  expect(whole.headers.get('content-length')).toBe('1000');
  expect(whole.headers.get('etag')).toBe(`"${SHA256}"`);
  const part = await server.fetch(file.url, { headers: { range: 'bytes=990-' } });
  expect(part.status).toBe(206);
  expect(new Uint8Array(await part.arrayBuffer())).toEqual(BYTES.subarray(990));
  const known = { 'if-none-match': `"${SHA256}"` };
  expect((await server.fetch(file.url, { headers: known })).status).toBe(304);
});

test.each([
  ['/v1/base-models/them/none', 'base_model_unknown'],
  ['/v1/base-models/them/none/model.gguf', 'base_model_unknown'],
  ['/v1/base-models/..%2F..%2Fthem/cut', 'base_model_unknown'],
  [`${PATH}/other.gguf`, 'file_unknown'],
  [`${PATH}/model.json`, 'file_unknown'],
  ['/v1/base-models/them/cut/model.gguf', 'base_model_unknown'],
])('%s is 404', async (path, code) => {
  const response = await server.fetch(path);
  expect(response.status).toBe(404);
  expect(await response.json()).toMatchObject({ code });
});
