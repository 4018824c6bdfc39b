import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { defaultBundle } from '../bundles.ts';
import { withCard } from '../fixtures/with-card.ts';
import { startServer, type TestServer } from '../server.ts';
import { startCuttingProxy } from './cutting-proxy.ts';
import { call } from './python.ts';

type AdapterDocument = ReturnType<typeof adapterSchema.parse>;

const WEIGHTS = 'adapter_model.safetensors';
const FILES = ['README.md', 'adapter_config.json', WEIGHTS];
/** More than one page of the list. */
const COPIES = 105;

let server: TestServer;
let adapter: AdapterDocument;
let commit: string;
let weights: Buffer;

beforeAll(async () => {
  server = await startServer();
  const response = await server.send('/v1/adapters', { description: 'Reverse the list' });
  adapter = await withCard(adapterSchema.parse(await response.json()));
  commit = adapter.id.slice(0, 40);
  const file = await server.fetch(`/v1/adapters/${adapter.id}/${WEIGHTS}`);
  weights = Buffer.from(await file.arrayBuffer());
});

afterAll(async () => {
  await server.close();
});

function hashes(): Record<string, string> {
  return Object.fromEntries(FILES.map((name) => [name, adapter.files[name]?.sha256 ?? '']));
}

/** What hub_calls.py prints of `read`. */
interface Read {
  readonly version: string;
  readonly errors: Readonly<Record<string, readonly string[]>>;
}

describe.each(['new', 'old'] as const)('%s huggingface_hub', (environment) => {
  test('every call reads what the document says', async () => {
    const { repository } = adapter;
    const { version, errors, ...read } = await call<Read>(environment, server.origin, 'read', {
      repository,
      commit,
    });
    expect(version).toMatch(environment === 'old' ? /^0\./ : /^[2-9]\./);
    const sha256 = hashes();
    expect(read).toEqual({
      sends_a_token: true,
      download: sha256[WEIGHTS],
      download_at_commit: sha256[WEIGHTS],
      snapshot: sha256,
      snapshot_commit: commit,
      info: {
        id: repository,
        sha: commit,
        library: 'peft',
        pipeline: 'text-generation',
        base_model: adapter.base_model,
        modified: adapter.created_at.replace('Z', '000+00:00'),
        siblings: Object.fromEntries(FILES.map((name) => [name, adapter.files[name]?.bytes])),
        sha256,
      },
      expanded: expect.arrayContaining(['id', 'likes', 'sha']),
      files: FILES,
      refs: { main: commit },
      tags: [],
      paths_info: { path: WEIGHTS, sha256: sha256[WEIGHTS], last_commit: commit },
      exists: true,
      missing_exists: false,
      repository_exists: true,
      revision_exists: false,
      part: weights.subarray(8, 72).toString('hex'),
      listed: FILES.map((name) => `${repository}/${name}`),
      metadata: [expect.stringMatching(/lora_[AB]\.weight$/)],
      errors: undefined,
    });
    expect(errors.entry).toContain('EntryNotFoundError');
    expect(errors.revision).toContain('RevisionNotFoundError');
    expect(errors.repository).toContain('RepositoryNotFoundError');
    expect(errors.info).toContain('RepositoryNotFoundError');
    expect(errors.whoami).toContain('HTTPError');
    expect(errors.whoami).not.toContain('RepositoryNotFoundError');
  });

  test('card, history, access and lists, with a slash at the end of the endpoint', async () => {
    const { repository } = adapter;
    const described = await call<Record<string, unknown>>(environment, server.origin, 'describe', {
      repository,
    });
    expect(described).toMatchObject({
      card: {
        license: expect.any(String),
        base_model: adapter.base_model,
        library_name: 'peft',
        tags: expect.arrayContaining(['lora', 'peft', 'text-to-lora']),
      },
      by_license: expect.arrayContaining([repository]),
      by_another_license: [],
      gated: [],
      expanded: expect.arrayContaining(['id', 'likes']),
      commits: [[commit, 'As generated', ['t2l']]],
      last_commits: [commit, commit],
      snapshot: FILES,
      unknown_auth: expect.arrayContaining(['RepositoryNotFoundError']),
    });
    expect(described.expanded).not.toContain('tags');
  });

  test('an interrupted download goes on where it broke off', async () => {
    const { name, manifest } = await defaultBundle();
    // Clients keep what they have in pieces of 10 MB: it must be a large file.
    const [file, { bytes, sha256 }] = Object.entries(manifest.files).reduce((one, other) =>
      other[1].bytes > one[1].bytes ? other : one,
    );
    const proxy = await startCuttingProxy(server.origin);
    try {
      const options = { repository: `t2l/${name}`, file };
      expect(await call(environment, proxy.origin, 'download', options)).toBe(sha256);
      const [first, second, ...more] = proxy.ranges;
      expect([first, more]).toEqual([null, []]);
      const from = Number(/^bytes=(\d+)-$/.exec(second ?? '')?.[1]);
      expect(from).toBeGreaterThan(0);
      expect(from).toBeLessThanOrEqual(bytes / 2);
    } finally {
      await proxy.close();
    }
  });

  test('a prefix of the id and a hypernetwork are repositories', async () => {
    const short = await call(environment, server.origin, 'snapshot', {
      repository: `t2l/${adapter.id.slice(0, 12)}`,
      revision: 'main',
    });
    expect(short).toEqual(hashes());
    const { name, version, digest, manifest } = await defaultBundle();
    const bundle = await call(environment, server.origin, 'snapshot', {
      repository: `t2l/${name}`,
      revision: `v${version}`,
    });
    expect(bundle).toEqual({
      'manifest.json': digest,
      ...Object.fromEntries(
        Object.entries(manifest.files).map(([path, { sha256 }]) => [path, sha256]),
      ),
    });
  });

  test('the list goes on over several pages', async () => {
    const { results } = await server.env.DB.prepare('PRAGMA table_info(adapters)').all();
    const rest = results
      .map(({ name }) => String(name))
      .filter((name) => name !== 'id' && name !== 'created_at')
      .join(', ');
    await server.env.DB.prepare(
      `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ?2)
       INSERT OR IGNORE INTO adapters (id, created_at, ${rest})
       SELECT printf('%064x', i), created_at + i, ${rest} FROM adapters, n WHERE id = ?1`,
    )
      .bind(adapter.id, COPIES)
      .run();
    const all = await call<string[]>(environment, server.origin, 'list_models', { limit: null });
    expect(all).toHaveLength(COPIES + 1);
    expect(new Set(all).size).toBe(COPIES + 1);
    expect(all.at(-1)).toBe(adapter.repository);
    const some = await call<string[]>(environment, server.origin, 'list_models', { limit: 102 });
    expect(some).toEqual(all.slice(0, 102));
  });
});

test('hf cache verify finds every file as it was served, and a changed one', async () => {
  const { as_served, changed } = await call<Record<string, [number, string]>>(
    'new',
    server.origin,
    'verify',
    { repository: adapter.repository, file: WEIGHTS },
  );
  expect(as_served).toEqual([0, expect.stringContaining(String(FILES.length))]);
  expect(changed).toEqual([1, expect.stringContaining(WEIGHTS)]);
});
