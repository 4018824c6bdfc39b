import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { hypernetListSchema, hypernetSchema } from '../../src/contract/documents/hypernet.ts';
import { type BundleName, defaultBundle, uploadVariant } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };

let server: TestServer;
let builtIn: Awaited<ReturnType<typeof defaultBundle>>;

beforeAll(async () => {
  server = await startServer();
  builtIn = await defaultBundle();
});

afterAll(async () => {
  await server.close();
});

function register(bundle: object): Promise<Response> {
  return server.send('/v1/hypernets', bundle, { headers });
}

function activate(body: object, name = builtIn.name): Promise<Response> {
  return server.send(`/v1/hypernets/${name}/active`, body, { method: 'PUT', headers });
}

async function codeOf(response: Response): Promise<[number, unknown]> {
  return [response.status, ((await response.json()) as { code?: unknown }).code];
}

async function family(): Promise<ReturnType<typeof hypernetSchema.parse>> {
  return hypernetSchema.parse(await (await server.fetch(`/v1/hypernets/${builtIn.name}`)).json());
}

async function makeWith(hypernet?: string): Promise<string> {
  const embedding = new Array(builtIn.manifest.encoder.dim).fill(0.05);
  const response = await server.send('/v1/adapters', { embedding, hypernet });
  return adapterSchema.parse(await response.json()).hypernet.version;
}

test('the built-in bundle is there with nothing registered', async () => {
  const response = await server.fetch('/v1/hypernets');
  const list = hypernetListSchema.parse(await response.json());
  expect(list.default).toBe(builtIn.name);
  const first = list.hypernets.find(({ name }) => name === builtIn.name);
  expect(first).toEqual(await family());
  expect(first).toMatchObject({ active: builtIn.digest, previous: null });
  const { tasks = [], sizes } = builtIn.manifest.fit ?? {};
  const builtInFit = { tasks: tasks.length, ...(sizes !== undefined && { sizes }) };
  expect(first?.versions).toMatchObject([
    {
      version: builtIn.version,
      digest: builtIn.digest,
      origin: 'built-in',
      registered_at: null,
      base_model: builtIn.manifest.target.base_model,
      fit: builtInFit,
      evaluation: builtIn.manifest.evaluation,
      training: builtIn.manifest.training,
    },
  ]);
  const health = await (await server.fetch('/healthz')).json();
  expect(health).toMatchObject({ status: 'ok', hypernet: { digest: builtIn.digest } });
});

test.each<[string, (bundle: BundleName) => Promise<object>, string]>([
  [
    'a wrong digest',
    async (bundle) => ({ ...bundle, digest: '0'.repeat(64) }),
    'bundle_digest_mismatch',
  ],
  [
    'no manifest',
    async (bundle) => {
      await server.env.HYPERNETS.delete(`${bundle.name}/${bundle.version}/manifest.json`);
      return bundle;
    },
    'bundle_missing_file',
  ],
  [
    'a missing file',
    async (bundle) => {
      await server.env.HYPERNETS.delete(`${bundle.name}/${bundle.version}/golden.safetensors`);
      return bundle;
    },
    'bundle_missing_file',
  ],
  [
    'a changed file',
    async (bundle) => {
      const key = `${bundle.name}/${bundle.version}/fit.f16`;
      const object = await server.env.HYPERNETS.get(key);
      const bytes = new Uint8Array((await object?.arrayBuffer()) ?? []);
      bytes[0] = (bytes[0] ?? 0) ^ 1;
      await server.env.HYPERNETS.put(key, bytes);
      return bundle;
    },
    'bundle_digest_mismatch',
  ],
])('a bundle with %s is refused and leaves no trace', async (_name, spoil, code) => {
  const bundle = await uploadVariant(server.env, '7.0.0');
  expect(await codeOf(await register(await spoil(bundle)))).toEqual([422, code]);
  expect((await family()).versions).toHaveLength(1);
  const rows = await server.env.DB.prepare('SELECT count(*) AS n FROM hypernets').first();
  expect(rows?.n).toBe(0);
  const post = await server.send('/v1/adapters', { embedding: [1], hypernet: 't2l-mini@7.0.0' });
  expect((await codeOf(post))[1]).toBe('hypernet_unknown');
});

test.each<[string, (manifest: Record<string, unknown>) => void, string]>([
  [
    'another schema',
    (manifest) => {
      manifest.schema = 't2l-bundle/9';
    },
    'bundle_schema_unsupported',
  ],
  [
    'an unknown member',
    (manifest) => {
      manifest.surprise = true;
    },
    'bundle_schema_unsupported',
  ],
  [
    'another name inside',
    (manifest) => {
      manifest.name = 'somebody-else';
    },
    'bundle_schema_unsupported',
  ],
])('a manifest with %s is refused', async (_name, change, code) => {
  const bundle = await uploadVariant(server.env, '7.1.0', change);
  expect(await codeOf(await register(bundle))).toEqual([422, code]);
  expect((await family()).versions).toHaveLength(1);
});

test.each<[string, object, string]>([
  ['no name', { name: undefined }, 'name_malformed'],
  ['a path as name', { name: '../up' }, 'name_malformed'],
  ['the reserved name', { name: 'encoders' }, 'name_reserved'],
  ['a version that is none', { version: 'latest' }, 'version_malformed'],
  ['a digest that is none', { digest: 'abc' }, 'digest_malformed'],
  ['another member', { force: true }, 'field_unknown'],
])('a registration with %s is refused', async (_name, change, code) => {
  const { name, version, digest } = builtIn;
  const answer = await codeOf(await register({ name, version, digest, ...change }));
  expect(answer).toEqual([400, code]);
});

test('a version is registered, activated and rolled back', async () => {
  const next = await uploadVariant(server.env, '8.0.0');
  const registered = await register(next);
  expect(registered.status).toBe(201);
  expect(hypernetSchema.parse(await registered.json())).toEqual(await family());
  expect((await register(next)).status).toBe(200);
  expect(await family()).toMatchObject({ active: builtIn.digest, previous: null });
  expect(await makeWith(`${next.name}@8.0.0`)).toBe('8.0.0');
  expect(await makeWith()).toBe(builtIn.version);
  const back = (expected: string | null) => activate({ rollback: true, expected });
  expect(await codeOf(await back(builtIn.digest))).toEqual([409, 'hypernet_no_previous']);
  // Activating what answers anyway does not make it its own predecessor.
  expect((await activate({ version: builtIn.version })).status).toBe(200);
  expect(await family()).toMatchObject({ active: builtIn.digest, previous: null });

  expect((await activate({ version: '8.0.0' })).status).toBe(200);
  expect(await family()).toMatchObject({ active: next.digest, previous: builtIn.digest });
  expect(await makeWith()).toBe('8.0.0');
  expect((await back(next.digest)).status).toBe(200);
  expect(await makeWith()).toBe(builtIn.version);
  expect(await family()).toMatchObject({ active: builtIn.digest, previous: next.digest });
  expect((await activate({ digest: next.digest })).status).toBe(200);
  expect(await makeWith()).toBe('8.0.0');
  expect((await back(next.digest)).status).toBe(200);
});

test('a rollback that is sent twice, or by two at once, happens once', async () => {
  const bad = await uploadVariant(server.env, '8.0.1');
  await register(bad);
  for (const answersOf of [twiceInTurn, twiceAtOnce]) {
    await activate({ version: '8.0.1', reason: 'A try' });
    const answers = await answersOf(() => activate({ rollback: true, expected: bad.digest }));
    expect(answers.map(({ status }) => status).sort()).toEqual([200, 409]);
    const refused = await answers.find(({ status }) => status === 409)?.json();
    expect(refused).toMatchObject({
      code: 'hypernet_not_expected',
      active: builtIn.digest,
      detail: `${builtIn.name} has ${builtIn.version} active (${builtIn.digest}), where ${bad.digest} is expected; look again, then expect what is active.`,
    });
    const { active, activations } = await family();
    expect(active).toBe(builtIn.digest);
    expect(activations.slice(0, 2)).toMatchObject([
      { from: bad.digest, to: builtIn.digest, reason: null },
      { from: builtIn.digest, to: bad.digest, reason: 'A try' },
    ]);
  }
});

test('an activation that expects something else changes nothing', async () => {
  for (const expected of [null, 'f'.repeat(64)]) {
    const answer = await activate({ version: '8.0.1', expected });
    expect(await codeOf(answer)).toEqual([409, 'hypernet_not_expected']);
  }
  const unknown = await codeOf(await activate({ rollback: true, expected: null }, 'nobody'));
  expect(unknown).toEqual([404, 'hypernet_unknown']);
  expect(await family()).toMatchObject({ active: builtIn.digest });
});

test('activations at once that expect nothing all happen, one after the other', async () => {
  const before = (await family()).activations.length;
  const done = await Promise.all([
    activate({ version: '8.0.1' }),
    activate({ version: '8.0.0' }),
    activate({ version: '8.0.1' }),
  ]);
  expect(done.map(({ status }) => status)).toEqual([200, 200, 200]);
  const { active, activations } = await family();
  expect(activations[0]?.to).toBe(active);
  for (const [at, { from }] of activations.slice(0, -1).entries()) {
    expect(from).toBe(activations[at + 1]?.to);
  }
  expect(activations.length).toBeGreaterThan(before);
  await activate({ digest: builtIn.digest });
});

test('two registrations of one version at once: one is made, the other knows it', async () => {
  const bundle = await uploadVariant(server.env, '8.2.0');
  const answers = await Promise.all([register(bundle), register(bundle)]);
  expect(answers.map(({ status }) => status).sort()).toEqual([200, 201]);
});

test('a version never changes', async () => {
  const { name, version } = builtIn;
  const own = await codeOf(await register({ name, version, digest: 'a'.repeat(64) }));
  expect(own).toEqual([409, 'hypernet_version_taken']);
  await register(await uploadVariant(server.env, '8.1.0'));
  const changed = await uploadVariant(server.env, '8.1.0', (manifest) => {
    manifest.training = { seed: 2 };
  });
  expect(await codeOf(await register(changed))).toEqual([409, 'hypernet_version_taken']);
});

test.each<[string, object, [number, string]]>([
  ['nothing', {}, [400, 'activation_ambiguous']],
  ['two things', { version: '1.0.0', rollback: true }, [400, 'activation_ambiguous']],
  ['rollback: false', { rollback: false }, [400, 'activation_ambiguous']],
  ['the one before, from any', { rollback: true }, [400, 'activation_ambiguous']],
  ['an expectation that is none', { version: '1.0.0', expected: 'x' }, [400, 'digest_malformed']],
  ['no reason', { version: '1.0.0', reason: ' ' }, [400, 'reason_malformed']],
  ['two lines of reason', { version: '1.0.0', reason: 'a\nb' }, [400, 'reason_malformed']],
  ['an unknown version', { version: '99.0.0' }, [404, 'hypernet_unknown']],
  ['an unknown digest', { digest: 'f'.repeat(64) }, [404, 'hypernet_unknown']],
])('an activation of %s is refused', async (_name, body, answer) => {
  expect(await codeOf(await activate(body))).toEqual(answer);
});

test('an unknown name cannot be activated', async () => {
  const answer = await codeOf(await activate({ version: '1.0.0' }, 'nobody'));
  expect(answer).toEqual([404, 'hypernet_unknown']);
});

test('a registered name without an active version says so', async () => {
  await server.env.DB.prepare(
    "INSERT INTO hypernets (digest, name, version, registered_at) VALUES ('b', 'idle', '1.0.0', 0)",
  ).run();
  const response = await server.send('/v1/adapters', { description: 'x', hypernet: 'idle' });
  expect(await codeOf(response)).toEqual([409, 'hypernet_inactive']);
  await server.env.DB.prepare("DELETE FROM hypernets WHERE name = 'idle'").run();
});

test('a bundle that takes embeddings only says so', async () => {
  await register(await uploadVariant(server.env, '8.3.0'));
  const hypernet = `${builtIn.name}@8.3.0`;
  const response = await server.send('/v1/adapters', { description: 'Reverse it', hypernet });
  expect(await codeOf(response)).toEqual([400, 'description_unsupported']);
});

async function twiceInTurn(call: () => Promise<Response>): Promise<Response[]> {
  return [await call(), await call()];
}

function twiceAtOnce(call: () => Promise<Response>): Promise<Response[]> {
  return Promise.all([call(), call()]);
}
