/**
 * A hypernetwork in chunks through the whole endpoint: registered, run, and damaged in the bucket
 * afterwards. A chunk that is not the manifest's stops the adapter before anything of it is stored.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { hypernetSchema } from '../../src/contract/documents/hypernet.ts';
import { chunkedBundle, wholeBundle } from '../fixtures/small-network.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
const EMBEDDING = [0.5, -0.25, 0.75];
const CHUNK = 'chunk2.onnx';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

/** Uploads the small network; with `checked`, R2 is told the sha256 of every file. */
async function upload(version: string, { manifest, files } = chunkedBundle(), checked = false) {
  const bytes = Buffer.from(JSON.stringify({ ...manifest, version }));
  for (const [file, content] of new Map([...files, ['manifest.json', bytes]])) {
    const options = checked ? { sha256: createHash('sha256').update(content).digest('hex') } : {};
    await server.env.HYPERNETS.put(`small/${version}/${file}`, content, options);
  }
  return { name: 'small', version, digest: createHash('sha256').update(bytes).digest('hex') };
}

async function registered(version: string, checked = false): Promise<string> {
  const reference = await upload(version, chunkedBundle(), checked);
  expect((await server.send('/v1/hypernets', reference, { headers })).status).toBe(201);
  return `small@${version}`;
}

function make(hypernet: string, embedding = EMBEDDING): Promise<Response> {
  return server.send('/v1/adapters', { embedding, hypernet });
}

async function codeOf(response: Response): Promise<[number, unknown]> {
  return [response.status, ((await response.json()) as { code?: unknown }).code];
}

async function stored(): Promise<{ rows: unknown; objects: number }> {
  const row = await server.env.DB.prepare('SELECT count(*) AS n FROM adapters').first();
  return { rows: row?.n, objects: (await server.env.ADAPTERS.list()).objects.length };
}

/** Changes the bytes of a chunk, with or without a sha256 that R2 finds right for them. */
async function damage(
  version: string,
  change: (bytes: Uint8Array) => Uint8Array | undefined,
  checked = false,
) {
  const key = `small/${version}/${CHUNK}`;
  const object = await server.env.HYPERNETS.get(key);
  const content = change(new Uint8Array((await object?.arrayBuffer()) ?? []));
  if (content === undefined) {
    await server.env.HYPERNETS.delete(key);
    return;
  }
  const options = checked ? { sha256: createHash('sha256').update(content).digest('hex') } : {};
  await server.env.HYPERNETS.put(key, content, options);
}

const DAMAGES: [string, (bytes: Uint8Array) => Uint8Array | undefined, string][] = [
  ['missing', () => undefined, 'bundle_missing_file'],
  ['truncated', (bytes) => bytes.subarray(0, bytes.length - 1), 'bundle_digest_mismatch'],
  [
    'of another content',
    (bytes) => bytes.map((byte, at) => (at === bytes.length - 1 ? byte ^ 1 : byte)),
    'bundle_digest_mismatch',
  ],
];

test('an adapter of chunks is the adapter of the whole graph, and says that its fit is unknown', async () => {
  const reference = await upload('1.0.0', wholeBundle());
  expect((await server.send('/v1/hypernets', reference, { headers })).status).toBe(201);
  const documents = [];
  for (const hypernet of [
    'small@1.0.0',
    await registered('1.1.0'),
    await registered('1.2.0', true),
  ]) {
    const response = await make(hypernet);
    expect(response.status).toBe(201);
    documents.push(adapterSchema.parse(await response.json()));
  }
  const [whole, ...chunked] = documents;
  for (const { files, fit, id } of chunked) {
    for (const name of ['adapter_model.safetensors', 'adapter_config.json']) {
      expect(files[name]?.sha256).toBe(whole?.files[name]?.sha256);
    }
    expect(fit).toEqual({ score: null, verdict: 'unknown', reason: null, nearest: [] });
    const card = await (await server.fetch(`/v1/adapters/${id}/README.md`)).text();
    expect(card).toContain('nothing is known about how well the description fits');
    // What a reader finds later is the row.
    const later = adapterSchema.parse(await (await server.fetch(`/v1/adapters/${id}`)).json());
    expect(later.fit).toEqual(fit);
  }
});

test('an adapter of chunks is remade with the same bytes when its object is gone', async () => {
  const document = adapterSchema.parse(
    await (await make(await registered('1.3.0'), [1, 2, 3])).json(),
  );
  const path = `/v1/adapters/${document.id}/adapter_model.safetensors`;
  const before = Buffer.from(await (await server.fetch(path)).arrayBuffer());
  await server.env.ADAPTERS.delete(`adapters/${document.id}/adapter_model.safetensors`);
  const after = Buffer.from(await (await server.fetch(path)).arrayBuffer());
  expect(after.equals(before)).toBe(true);
});

test.each(DAMAGES)(
  'a bundle with a chunk that is %s is not registered',
  async (_case, change, code) => {
    const reference = await upload('2.0.0');
    await damage('2.0.0', change);
    const answer = await server.send('/v1/hypernets', reference, { headers });
    expect(await codeOf(answer)).toEqual([422, code]);
    const row = await server.env.DB.prepare(
      "SELECT count(*) AS n FROM hypernets WHERE version = '2.0.0'",
    );
    expect((await row.first())?.n).toBe(0);
  },
);

test.each(
  DAMAGES.flatMap(([name, change, code], index) =>
    [false, true].map(
      (checked) =>
        [
          name,
          checked ? 'checked by R2' : 'as it is',
          `3.${index}.${Number(checked)}`,
          checked,
          change,
          code,
        ] as const,
    ),
  ),
)(
  'a chunk that is %s, put %s: no row and no object',
  async (_name, _how, version, checked, change, code) => {
    const hypernet = await registered(version, checked);
    expect((await make(hypernet)).status).toBe(201);
    const before = await stored();
    await damage(version, change, checked);
    expect(await codeOf(await make(hypernet, [3, 2, 1]))).toEqual([500, code]);
    expect(await stored()).toEqual(before);
  },
);

test('weights that are not finite are refused though nothing is known of their usual size', async () => {
  const hypernet = await registered('4.0.0');
  const before = await stored();
  expect(await codeOf(await make(hypernet, [3e38, 3e38, 3e38]))).toEqual([
    422,
    'adapter_out_of_range',
  ]);
  expect(await stored()).toEqual(before);
});

test('the catalogue says that the network is streamed and what that needs', async () => {
  await registered('5.0.0');
  const family = hypernetSchema.parse(await (await server.fetch('/v1/hypernets/small')).json());
  const needs = family.versions.find(({ version }) => version === '5.0.0')?.needs;
  const { files } = chunkedBundle();
  const graphs = [...files]
    .filter(([name]) => name.endsWith('.onnx'))
    .map(([, { length }]) => length);
  expect(needs?.encoder).toEqual({ kind: 'given', model: 'some/encoder', dim: 3 });
  expect(needs?.precisions).toMatchObject({
    float32: {
      whole: false,
      graph_bytes: graphs.reduce((a, b) => a + b, 0),
      largest_part_bytes: Math.max(...graphs),
      plan: 'paid',
    },
  });
  expect(needs?.precisions.int8).toBeUndefined();
});
