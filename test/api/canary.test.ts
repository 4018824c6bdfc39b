/** A canary answers for a part of the descriptions, the same ones every time, until it is active or ended. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { hypernetSchema } from '../../src/contract/documents/hypernet.ts';
import { createClient, type T2lClient } from '../../src/sdk/index.ts';
import { type BuiltInBundle, type BundleName, miniBundle, uploadWithEncoder } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
const DESCRIPTIONS = Array.from({ length: 12 }, (_, at) => `Keep word number ${at + 1}.`);

let server: TestServer;
let builtIn: BuiltInBundle;
let next: BundleName;
let client: T2lClient;

beforeAll(async () => {
  server = await startServer();
  client = createClient({ endpoint: server.origin, token: ADMIN_TOKEN });
  builtIn = await miniBundle();
  next = await uploadWithEncoder(server.env, '8.0.0');
  await client.register(next);
});

afterAll(async () => {
  await server.close();
});

function call(method: string, path: string, body: object): Promise<Response> {
  return server.send(`/v1/hypernets/${builtIn.name}/${path}`, body, { method, headers });
}

async function codeOf(response: Response): Promise<[number, unknown]> {
  return [response.status, ((await response.json()) as { code?: unknown }).code];
}

/** Versions that make the adapters of the descriptions. */
async function makers(): Promise<string[]> {
  const versions: string[] = [];
  for (const description of DESCRIPTIONS) {
    const { hypernet } = await client.generate({ description, hypernet: builtIn.name });
    versions.push(hypernet.version);
  }
  return versions;
}

test('a canary answers for a part, and the SDK knows which', async () => {
  const answer = await call('PUT', 'canary', {
    version: '8.0.0',
    percent: 50,
    expected: builtIn.digest,
    reason: 'A try',
  });
  expect(answer.status).toBe(200);
  expect(hypernetSchema.parse(await answer.json())).toMatchObject({
    active: builtIn.digest,
    canary: { digest: next.digest, percent: 50 },
    activations: [{ from: builtIn.digest, to: next.digest, percent: 50, reason: 'A try' }],
  });
  const made = await makers();
  expect(new Set(made)).toEqual(new Set([builtIn.version, '8.0.0']));
  expect(await makers()).toEqual(made);
  const fresh = createClient({ endpoint: server.origin });
  for (const description of DESCRIPTIONS) {
    const request = { description, hypernet: builtIn.name };
    expect(await fresh.adapterId(request)).toBe((await client.generate(request)).id);
  }
});

test('who names a version, or sends an embedding, gets what was named or is active', async () => {
  await client.startCanary(builtIn.name, { digest: next.digest, percent: 99 });
  const named = `${builtIn.name}@${builtIn.version}`;
  for (const description of DESCRIPTIONS.slice(0, 4)) {
    const { hypernet } = await client.generate({ description, hypernet: named });
    expect(hypernet.version).toBe(builtIn.version);
  }
  for (const value of [0.03, 0.04, 0.05]) {
    const embedding = new Array(builtIn.manifest.encoder.dim).fill(value);
    const { hypernet } = await client.generate({ embedding, hypernet: builtIn.name });
    expect(hypernet.version).toBe(builtIn.version);
  }
});

test('it cannot be yanked before it is ended; ended, it answers for nothing', async () => {
  const yank = { reason: 'No.' };
  expect(await codeOf(await call('PUT', 'versions/8.0.0/yanked', yank))).toEqual([
    409,
    'hypernet_active',
  ]);
  for (const _time of ['first', 'second']) {
    const ended = await client.endCanary(builtIn.name);
    expect(ended).toMatchObject({ active: builtIn.digest, canary: null });
    expect(ended.activations.map(({ percent }) => percent)).toEqual([0, 99, 50]);
  }
  expect(new Set(await makers())).toEqual(new Set([builtIn.version]));
});

test('activating it promotes it, and a rollback leads back', async () => {
  await client.startCanary(builtIn.name, { version: '8.0.0', percent: 10 });
  const promoted = await client.activate(builtIn.name, {
    digest: next.digest,
    expected: builtIn.digest,
  });
  expect(promoted).toMatchObject({
    active: next.digest,
    previous: builtIn.digest,
    canary: null,
  });
  expect(new Set(await makers())).toEqual(new Set(['8.0.0']));
  const back = { rollback: true, expected: next.digest } as const;
  expect(await client.activate(builtIn.name, back)).toMatchObject({ active: builtIn.digest });
});

test.each<[string, object, [number, string]]>([
  ['of no version', { percent: 5 }, [400, 'activation_ambiguous']],
  [
    'of two',
    { version: '8.0.0', digest: 'a'.repeat(64), percent: 5 },
    [400, 'activation_ambiguous'],
  ],
  ['for no part', { version: '8.0.0' }, [400, 'percent_out_of_range']],
  ['for nothing', { version: '8.0.0', percent: 0 }, [400, 'percent_out_of_range']],
  ['for everything', { version: '8.0.0', percent: 100 }, [400, 'percent_out_of_range']],
  ['for half a percent', { version: '8.0.0', percent: 0.5 }, [400, 'percent_out_of_range']],
  ['of an unknown version', { version: '99.0.0', percent: 5 }, [404, 'hypernet_unknown']],
  [
    'beside another version',
    { version: '8.0.0', percent: 5, expected: null },
    [409, 'hypernet_not_expected'],
  ],
])('a canary %s is refused', async (_name, body, answer) => {
  expect(await codeOf(await call('PUT', 'canary', body))).toEqual(answer);
});

test('neither the active version nor a yanked one can be a canary', async () => {
  const active = { version: builtIn.version, percent: 5 };
  expect(await codeOf(await call('PUT', 'canary', active))).toEqual([409, 'hypernet_active']);
  await client.yank(builtIn.name, '8.0.0', 'It was a test.');
  const yanked = { version: '8.0.0', percent: 5 };
  expect(await codeOf(await call('PUT', 'canary', yanked))).toEqual([410, 'hypernet_yanked']);
});
