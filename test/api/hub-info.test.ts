import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import type { TestServer } from '../server.ts';
import { type AdapterDocument, FILES, json, serveRepository, WEIGHTS } from './hub-repository.ts';

let server: TestServer;
let adapter: AdapterDocument;
let repository: string;
let commit: string;

beforeAll(async () => {
  ({ server, adapter, repository, commit } = await serveRepository());
});

afterAll(async () => {
  await server.close();
});

test('the document of an adapter names its repository', () => {
  expect(adapter.repository).toBe(`t2l/${adapter.id}`);
});

test('model info, whole and in part', async () => {
  const info = (await json(server, `/api/models/${repository}`)) as Record<string, unknown>;
  expect(info).toMatchObject({
    id: repository,
    modelId: repository,
    author: 't2l',
    sha: commit,
    private: false,
    gated: false,
    library_name: 'peft',
    pipeline_tag: 'text-generation',
    lastModified: adapter.created_at,
    cardData: { base_model: adapter.base_model },
    config: { peft: { base_model_name_or_path: adapter.base_model, task_type: 'CAUSAL_LM' } },
    siblings: FILES.map((rfilename) => ({ rfilename })),
  });
  expect(info).not.toHaveProperty('securityRepoStatus');
  for (const revision of ['main', 'HEAD', commit]) {
    expect(await json(server, `/api/models/${repository}/revision/${revision}`)).toEqual(info);
  }
  const part = await json(
    server,
    `/api/models/${repository}?expand=sha&expand[]=likes&expand=gadgets`,
  );
  expect(part).toEqual({ _id: commit.slice(0, 24), id: repository, sha: commit, likes: 0 });
  const blobs = await json(server, `/api/models/${repository}?blobs=true&securityStatus=true`);
  expect(blobs).toMatchObject({
    securityRepoStatus: { scansDone: false },
    siblings: FILES.map((rfilename) => ({
      rfilename,
      size: adapter.files[rfilename]?.bytes,
      lfs: { sha256: adapter.files[rfilename]?.sha256 },
    })),
  });
});

test('the tree, its pointers as git would hash them', async () => {
  const tree = (await json(
    server,
    `/api/models/${repository}/tree/main?recursive=True&expand=False`,
  )) as {
    path: string;
    oid: string;
    lfs: { pointerSize: number };
  }[];
  expect(tree.map(({ path }) => path)).toEqual(FILES);
  for (const entry of tree) {
    const { bytes, sha256 } = adapter.files[entry.path] ?? {};
    expect(entry).toMatchObject({ type: 'file', size: bytes, lfs: { oid: sha256, size: bytes } });
    expect(entry).not.toHaveProperty('lastCommit');
    expect(entry).not.toHaveProperty('xetHash');
    const raw = await server.fetch(`/${repository}/raw/main/${entry.path}`);
    const pointer = await raw.text();
    expect(pointer).toContain(`oid sha256:${sha256}\nsize ${bytes}\n`);
    expect(entry.lfs.pointerSize).toBe(pointer.length);
    const blob = `blob ${pointer.length}\0${pointer}`;
    expect(entry.oid).toBe(createHash('sha1').update(blob).digest('hex'));
  }
  const expanded = await json(server, `/api/models/${repository}/tree/${commit}?expand=true`);
  expect(expanded).toMatchObject([
    { lastCommit: { id: commit, date: adapter.created_at } },
    {},
    {},
  ]);
});

test('refs', async () => {
  expect(await json(server, `/api/models/${repository}/refs?include_prs=1`)).toEqual({
    branches: [{ name: 'main', ref: 'refs/heads/main', targetCommit: commit }],
    converts: [],
    tags: [],
    pullRequests: [],
  });
});

test('paths-info takes a form and JSON, and leaves out what does not exist', async () => {
  const path = `/api/models/${repository}/paths-info/main`;
  const form = await json(server, path, {
    method: 'POST',
    body: new URLSearchParams([
      ['paths', WEIGHTS],
      ['paths', 'missing.bin'],
      ['expand', 'False'],
    ]),
  });
  expect(form).toMatchObject([{ path: WEIGHTS, lfs: { oid: adapter.files[WEIGHTS]?.sha256 } }]);
  const sent = await server.send(path, { paths: ['README.md', WEIGHTS], expand: true });
  expect(await sent.json()).toMatchObject([
    { path: 'README.md', lastCommit: { id: commit } },
    { path: WEIGHTS },
  ]);
  const wrong = await server.send(path, { paths: [1] });
  expect(wrong.status).toBe(400);
  expect(await wrong.json()).toMatchObject({ code: 'paths_malformed' });
});

test('every route of the protocol is described', async () => {
  const { paths } = (await json(server, '/openapi.json')) as { paths: Record<string, object> };
  expect(Object.keys(paths)).toEqual(
    expect.arrayContaining([
      '/v1/adapters/by-description',
      '/api/models',
      '/api/models/{namespace}/{name}',
      '/api/models/{namespace}/{name}/revision/{revision}',
      '/api/models/{namespace}/{name}/refs',
      '/api/models/{namespace}/{name}/tree/{revision}',
      '/api/models/{namespace}/{name}/tree/{revision}/{path}',
      '/api/models/{namespace}/{name}/paths-info/{revision}',
      '/api/whoami-v2',
      '/{namespace}/{name}/resolve/{revision}/{path}',
      '/{namespace}/{name}/raw/{revision}/{path}',
    ]),
  );
});

test('model info tells what the card says, and its facets as tags', async () => {
  interface Info {
    readonly cardData: Record<string, unknown>;
    readonly tags: string[];
  }
  const { cardData, tags } = (await json(server, `/api/models/${repository}`)) as Info;
  const card = await (await server.fetch(`/${repository}/resolve/main/README.md`)).text();
  expect(cardData).toEqual(parseYaml(card.split('---\n')[1] ?? ''));
  expect(cardData).toMatchObject({ base_model_relation: 'adapter', license: expect.any(String) });
  for (const tag of [
    'peft',
    'text-generation',
    `license:${cardData.license}`,
    `base_model:${adapter.base_model}`,
    `base_model:adapter:${adapter.base_model}`,
  ]) {
    expect(tags).toContain(tag);
    const found = await json(server, `/api/models?filter=${encodeURIComponent(tag)}`);
    expect([tag, found]).toEqual([tag, [expect.objectContaining({ id: repository })]]);
  }
  expect(await json(server, '/api/models/t2l-edge/t2l-mini-base')).not.toHaveProperty('cardData');
});

test('the history is the one commit, and everybody may read', async () => {
  const commits = (await json(
    server,
    `/api/models/${repository}/commits/main?limit=9`,
  )) as object[];
  expect(commits).toEqual([
    {
      id: commit,
      title: 'As generated',
      message: '',
      authors: [{ user: 't2l' }],
      date: adapter.created_at,
    },
  ]);
  expect(await json(server, `/api/models/${repository}/commits/${commit}`)).toEqual(commits);
  const formatted = await json(server, `/api/models/${repository}/commits/main?expand[]=formatted`);
  expect(formatted).toMatchObject([{ formatted: { title: 'As generated', message: '' } }]);
  expect((await server.fetch(`/api/models/${repository}/auth-check`)).status).toBe(200);
  const none = await server.fetch(`/api/models/t2l/${'f'.repeat(64)}/auth-check`);
  expect([none.status, none.headers.get('x-error-code')]).toEqual([404, 'RepoNotFound']);
});

test('a flag is true or false and nothing else', async () => {
  for (const [path, code] of [
    ['?blobs=-1', 'flag_malformed'],
    ['?securityStatus=maybe', 'flag_malformed'],
    ['/tree/main?recursive=2', 'flag_malformed'],
  ]) {
    const response = await server.fetch(`/api/models/${repository}${path}`);
    expect([path, response.status]).toEqual([path, 400]);
    expect(await response.json()).toMatchObject({ code, error: expect.any(String) });
  }
  const sent = await server.send(`/api/models/${repository}/paths-info/main`, {
    paths: [WEIGHTS],
    expand: 'perhaps',
  });
  expect([sent.status, await sent.json()]).toMatchObject([400, { code: 'flag_malformed' }]);
});

test('an id in upper case is the same repository', async () => {
  const upper = `t2l/${adapter.id.toUpperCase()}`;
  expect(await json(server, `/api/models/${upper}`)).toMatchObject({ id: repository, sha: commit });
  const id = encodeURIComponent(upper);
  expect(await json(server, `/v1/adapters/${id}`)).toMatchObject({ id: adapter.id });
  expect(await json(server, `/api/models?search=${upper.slice(0, 30)}`)).toHaveLength(1);
});
