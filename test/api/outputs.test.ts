/**
 * Hypernetworks whose adapters are no LoRAs, through the whole endpoint: what they make, how it is told of,
 * and what is refused of it.
 */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { unpackOutput } from '../../src/adapter/unpack.ts';
import type { Target } from '../../src/bundle/manifest.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { hypernetSchema } from '../../src/contract/documents/hypernet.ts';
import { type KindNetwork, kindNetwork, kindTarget } from '../fixtures/kind-network.ts';
import { wholeBundle } from '../fixtures/small-network.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
const EMBEDDING = [0.5, -0.25, 0.75];
const WEIGHTS_FILE = 'adapter_model.safetensors';

type Document = ReturnType<typeof adapterSchema.parse>;

let server: TestServer;
let lora: Document;

async function register({ manifest, files }: KindNetwork['whole']): Promise<void> {
  const bytes = Buffer.from(JSON.stringify(manifest));
  const { name, version } = manifest;
  for (const [file, content] of new Map([...files, ['manifest.json', bytes]])) {
    await server.env.HYPERNETS.put(`${name}/${version}/${file}`, content);
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  const response = await server.send('/v1/hypernets', { name, version, digest }, { headers });
  expect(response.status).toBe(201);
}

async function make(hypernet: string, strength = 1): Promise<Response> {
  const body = { embedding: EMBEDDING, hypernet: `${hypernet}@1.0.0`, dtype: 'float32', strength };
  return server.send('/v1/adapters', body);
}

async function made(hypernet: string, strength?: number): Promise<Document> {
  return adapterSchema.parse(await (await make(hypernet, strength)).json());
}

async function weightsOf({ id }: Document): Promise<Uint8Array> {
  const response = await server.fetch(`/v1/adapters/${id}/${WEIGHTS_FILE}`);
  expect(response.status).toBe(200);
  return new Uint8Array(await response.arrayBuffer());
}

async function json(path: string): Promise<Record<string, unknown>> {
  return (await (await server.fetch(path)).json()) as Record<string, unknown>;
}

async function listed(filter: string): Promise<string[]> {
  const models = (await (await server.fetch(`/api/models?filter=${filter}`)).json()) as {
    id: string;
  }[];
  return models.map(({ id }) => id);
}

beforeAll(async () => {
  server = await startServer();
  await register(wholeBundle());
  lora = await made('small');
});

afterAll(async () => {
  await server.close();
});

describe.each(['dora', 'ia3'] as const)('the output %s', (kind) => {
  const name = `small-${kind}`;
  let target: Target;
  let network: KindNetwork;
  let document: Document;

  beforeAll(async () => {
    target = kindTarget(kind);
    network = kindNetwork(target, name);
    await register(network.whole);
    document = await made(name);
  });

  test('the file has what the graph gives for the embedding', async () => {
    const found = unpackOutput(await weightsOf(document), target);
    for (const [module, sides] of network.expected(Float32Array.from(EMBEDDING))) {
      for (const [side, values] of Object.entries(sides)) {
        const given = found.get(module)?.[side as 'A'] ?? new Float32Array(0);
        expect(given).toHaveLength(values.length);
        values.forEach((value, at) => {
          expect(given[at]).toBeCloseTo(value, 5);
        });
      }
    }
  });

  test('the document says the kind, and nothing that goes for a LoRA only', () => {
    expect(document).toMatchObject({ output: kind, formats: {}, warnings: [] });
    expect(lora.output).toBe('lora');
    expect(Object.keys(lora.formats)).not.toEqual([]);
  });

  test('bytes that were lost are made again as they were', async () => {
    const before = await weightsOf(document);
    await server.env.ADAPTERS.delete(`adapters/${document.id}/${WEIGHTS_FILE}`);
    expect(await weightsOf(document)).toEqual(before);
    expect(createHash('sha256').update(before).digest('hex')).toBe(
      document.files[WEIGHTS_FILE]?.sha256,
    );
  });

  test.each([
    'adapter.gguf',
    `${WEIGHTS_FILE}?layout=workers-ai`,
    'adapters.safetensors?layout=mlx',
  ])('%s is refused with what would be right', async (file) => {
    const response = await server.fetch(`/v1/adapters/${document.id}/${file}`);
    expect(response.status).toBe(422);
    expect(await response.json()).toMatchObject({
      code: 'layout_unavailable',
      detail: expect.stringContaining('Read it in the layout peft'),
    });
  });

  test('its repository, its card and the lists of the hub have the kind as a tag', async () => {
    const { repository } = document;
    const { tags, siblings } = await json(`/api/models/${repository}`);
    expect(tags).toContain(kind);
    expect(tags).not.toContain('lora');
    expect(JSON.stringify(siblings)).not.toContain('gguf');
    const card = await (await server.fetch(`/v1/adapters/${document.id}/README.md`)).text();
    expect(card).toContain(`tags: ["${kind}", "peft"`);
    expect(await listed(kind)).toEqual([repository]);
    expect(await listed('lora')).toEqual([lora.repository]);
    expect(await listed('peft')).toEqual(expect.arrayContaining([repository, lora.repository]));
    expect(await listed(`${kind}&filter=lora`)).toEqual([]);
    const bundle = await json(`/api/models/t2l/${name}/revision/v1.0.0`);
    expect(bundle.tags).toContain(kind);
  });

  test('the hypernetwork says what it makes', async () => {
    const { versions } = hypernetSchema.parse(await json(`/v1/hypernets/${name}`));
    expect(versions.map(({ output, rank }) => [output, rank])).toEqual([[kind, target.rank]]);
  });
});

test('a DoRA of another strength is refused, and nothing of it is stored', async () => {
  const count = async () =>
    (await server.env.DB.prepare('SELECT count(*) AS n FROM adapters').first())?.n;
  const before = await count();
  const response = await make('small-dora', 0.5);
  expect(response.status).toBe(422);
  expect(await response.json()).toMatchObject({ code: 'strength_unavailable' });
  expect(await count()).toBe(before);
});

test('factors of another strength are as much nearer to 1', async () => {
  const target = kindTarget('ia3');
  const whole = unpackOutput(await weightsOf(await made('small-ia3')), target);
  const half = unpackOutput(await weightsOf(await made('small-ia3', 0.5)), target);
  for (const [name, { L = new Float32Array(0) }] of whole) {
    expect(half.get(name)?.L).toEqual(L.map((value) => (1 + value) / 2));
  }
});
