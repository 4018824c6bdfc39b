import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { uploadVariant } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { make } from './hub-repository.ts';

let server: TestServer;
/** One address of every kind of file that the endpoint serves. */
let files: Record<string, string>;

beforeAll(async () => {
  server = await startServer();
  const { id, repository } = await make(server, 'Reverse the list');
  const bundle = await uploadVariant(server.env, '9.0.0');
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  expect((await server.send('/v1/hypernets', bundle, { headers })).status).toBe(201);
  const model = '/t2l-edge/t2l-mini-base/resolve/main';
  files = {
    stored: `/v1/adapters/${id}/adapter_model.safetensors`,
    'stored, of the repository': `/${repository}/resolve/main/adapter_model.safetensors`,
    card: `/${repository}/resolve/main/README.md`,
    made: `/v1/adapters/${id}/adapter.gguf`,
    'made, for MLX': `/v1/adapters/${id}/adapters.safetensors?layout=mlx`,
    'base model': `${model}/model.safetensors`,
    'base model, small': `${model}/config.json`,
    'built-in bundle': '/t2l/t2l-mini/resolve/main/manifest.json',
    'registered bundle': `/t2l/${bundle.name}/resolve/v9.0.0/manifest.json`,
  };
});

afterAll(async () => {
  await server.close();
});

interface Read {
  readonly status: number;
  readonly length: string | null;
  readonly range: string | null;
  readonly bytes: Buffer;
}

async function read(path: string, range?: string, method = 'GET'): Promise<Read> {
  const init = { method, headers: { 'accept-encoding': 'identity', ...(range && { range }) } };
  const { status, headers, ...rest } = await server.fetch(path, init).then(async (response) => ({
    status: response.status,
    headers: response.headers,
    bytes: Buffer.from(await response.arrayBuffer()),
  }));
  const [length, part] = [headers.get('content-length'), headers.get('content-range')];
  return { status, length, range: part, bytes: rest.bytes };
}

function sha256(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

test('a download that was cut off goes on where it stopped, whatever file it is', async () => {
  for (const [kind, path] of Object.entries(files)) {
    const whole = await read(path);
    const size = whole.bytes.length;
    expect([kind, whole.status, whole.length]).toEqual([kind, 200, String(size)]);
    const half = Math.floor(size / 2);
    const rest = await read(path, `bytes=${half}-`);
    expect([kind, rest.status, rest.length, rest.range]).toEqual([
      kind,
      206,
      String(size - half),
      `bytes ${half}-${size - 1}/${size}`,
    ]);
    const joined = Buffer.concat([whole.bytes.subarray(0, half), rest.bytes]);
    expect([kind, sha256(joined)]).toEqual([kind, sha256(whole.bytes)]);
  }
});

test('every part of every kind of file says how long it is', async () => {
  for (const [kind, path] of Object.entries(files)) {
    const { bytes } = await read(path);
    const size = bytes.length;
    const head = await read(path, undefined, 'HEAD');
    expect([kind, head.status, head.length]).toEqual([kind, 200, String(size)]);
    for (const [range, first, last] of [
      ['bytes=0-0', 0, 0],
      ['bytes=5-104', 5, 104],
      ['bytes=-7', size - 7, size - 1],
      [`bytes=-${size + 5}`, 0, size - 1],
      [`bytes=${size - 1}-${size + 99}`, size - 1, size - 1],
    ] as const) {
      const part = await read(path, range);
      expect([kind, range, part.status, part.length, part.range]).toEqual([
        kind,
        range,
        206,
        String(last - first + 1),
        `bytes ${first}-${last}/${size}`,
      ]);
      expect([kind, range, sha256(part.bytes)]).toEqual([
        kind,
        range,
        sha256(bytes.subarray(first, last + 1)),
      ]);
    }
    for (const range of [`bytes=${size}-`, 'bytes=-0']) {
      const none = await read(path, range);
      expect([kind, range, none.status, none.range, none.length]).toEqual([
        kind,
        range,
        416,
        `bytes */${size}`,
        String(none.bytes.length),
      ]);
    }
  }
});
