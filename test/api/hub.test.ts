import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/api/documents.ts';
import { startServer, type TestServer } from '../server.ts';

type AdapterDocument = ReturnType<typeof adapterSchema.parse>;

const WEIGHTS = 'adapter_model.safetensors';
const FILES = ['README.md', 'adapter_config.json', WEIGHTS];

let server: TestServer;
let adapter: AdapterDocument;
let repository: string;
let commit: string;

beforeAll(async () => {
  server = await startServer();
  adapter = await make('Reverse the list');
  repository = adapter.repository;
  commit = adapter.id.slice(0, 40);
});

afterAll(async () => {
  await server.close();
});

async function make(description: string): Promise<AdapterDocument> {
  const response = await server.send('/v1/adapters', { description });
  return adapterSchema.parse(await response.json());
}

async function json(path: string, init?: RequestInit): Promise<unknown> {
  const response = await server.fetch(path, init);
  expect(response.status, path).toBe(200);
  return response.json();
}

async function expectError(path: string, status: number, code: string | null): Promise<Response> {
  for (const method of ['HEAD', 'GET']) {
    const response = await server.fetch(path, { method });
    expect([method, path, response.status]).toEqual([method, path, status]);
    expect(response.headers.get('x-error-code')).toBe(code);
    expect(response.headers.get('x-error-message')).not.toBe('');
  }
  const response = await server.fetch(path);
  expect(response.headers.get('content-type')).toBe('application/json');
  expect(await response.clone().json()).toMatchObject({ error: expect.any(String), status });
  return response;
}

function sha256(bytes: ArrayBuffer): string {
  return createHash('sha256').update(Buffer.from(bytes)).digest('hex');
}

test('the document of an adapter names its repository', () => {
  expect(adapter.repository).toBe(`t2l/${adapter.id}`);
});

test.each(['main', 'HEAD', 'refs%2Fheads%2Fmain', 'commit'])(
  'files by revision %s',
  async (name) => {
    const revision = name === 'commit' ? commit : name;
    for (const file of FILES) {
      const listed = adapter.files[file];
      const path = `/${repository}/resolve/${revision}/${file}`;
      const head = await server.fetch(path, {
        method: 'HEAD',
        headers: { 'accept-encoding': 'identity', authorization: 'Bearer hf_nobodyknows' },
      });
      expect(head.status).toBe(200);
      expect(Object.fromEntries(head.headers)).toMatchObject({
        'x-repo-commit': commit,
        etag: `"${listed?.sha256}"`,
        'x-linked-etag': `"${listed?.sha256}"`,
        'x-linked-size': String(listed?.bytes),
        'content-length': String(listed?.bytes),
        'accept-ranges': 'bytes',
      });
      expect([...head.headers.keys()].filter((one) => one.startsWith('x-xet'))).toEqual([]);
      const fixed = head.headers.get('cache-control')?.includes('immutable');
      expect(fixed).toBe(name === 'commit');
      const get = await server.fetch(path, { headers: { authorization: 'Bearer hf_nobodyknows' } });
      expect(sha256(await get.arrayBuffer())).toBe(listed?.sha256);
    }
  },
);

test('a part of a file', async () => {
  const path = `/${repository}/resolve/main/${WEIGHTS}`;
  const size = adapter.files[WEIGHTS]?.bytes ?? 0;
  const whole = Buffer.from(await (await server.fetch(path)).arrayBuffer());
  const first = await server.fetch(path, { headers: { range: 'bytes=0-0' } });
  expect(first.status).toBe(206);
  expect(first.headers.get('content-range')).toBe(`bytes 0-0/${size}`);
  const rest = await server.fetch(path, { headers: { range: 'bytes=1000-' } });
  expect(Buffer.from(await rest.arrayBuffer())).toEqual(whole.subarray(1000));
  const beyond = await server.fetch(path, { headers: { range: `bytes=${size}-` } });
  expect(beyond.status).toBe(416);
  expect(beyond.headers.get('content-range')).toBe(`bytes */${size}`);
  const same = { 'if-none-match': `"${adapter.files[WEIGHTS]?.sha256}"` };
  expect((await server.fetch(path, { headers: same })).status).toBe(304);
});

test('a prefix of the id finds the repository, but its answers are not for ever', async () => {
  const short = `t2l/${adapter.id.slice(0, 12)}`;
  expect(await json(`/api/models/${short}`)).toMatchObject({ id: repository, sha: commit });
  const file = await server.fetch(`/${short}/resolve/${commit}/README.md`, { method: 'HEAD' });
  expect(file.headers.get('cache-control')).not.toContain('immutable');
});

test('model info, whole and in part', async () => {
  const info = (await json(`/api/models/${repository}`)) as Record<string, unknown>;
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
    expect(await json(`/api/models/${repository}/revision/${revision}`)).toEqual(info);
  }
  const part = await json(`/api/models/${repository}?expand=sha&expand[]=likes&expand=gadgets`);
  expect(part).toEqual({ _id: commit.slice(0, 24), id: repository, sha: commit, likes: 0 });
  const blobs = await json(`/api/models/${repository}?blobs=true&securityStatus=true`);
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
  const tree = (await json(`/api/models/${repository}/tree/main?recursive=True&expand=False`)) as {
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
  const expanded = await json(`/api/models/${repository}/tree/${commit}?expand=true`);
  expect(expanded).toMatchObject([
    { lastCommit: { id: commit, date: adapter.created_at } },
    {},
    {},
  ]);
});

test('refs', async () => {
  expect(await json(`/api/models/${repository}/refs?include_prs=1`)).toEqual({
    branches: [{ name: 'main', ref: 'refs/heads/main', targetCommit: commit }],
    converts: [],
    tags: [],
    pullRequests: [],
  });
});

test('paths-info takes a form and JSON, and leaves out what does not exist', async () => {
  const path = `/api/models/${repository}/paths-info/main`;
  const form = await json(path, {
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

test('what is missing is told apart', async () => {
  const none = 'f'.repeat(64);
  for (const path of [
    `/api/models/t2l/${none}`,
    `/api/models/t2l/${none}/tree/main`,
    `/t2l/${none}/resolve/main/README.md`,
    '/api/models/gpt2',
    '/gpt2/resolve/main/config.json',
    '/mistralai/Mistral-7B-v0.1/resolve/main/config.json',
    '/api/datasets/squad',
    '/datasets/squad/resolve/main/README.md',
    '/spaces/a/b/resolve/main/README.md',
  ]) {
    await expectError(path, 404, 'RepoNotFound');
  }
  for (const revision of ['v2', 'refs%2Fpr%2F1', commit.slice(0, 12), 'f'.repeat(40)]) {
    await expectError(`/api/models/${repository}/revision/${revision}`, 404, 'RevisionNotFound');
    await expectError(`/api/models/${repository}/tree/${revision}`, 404, 'RevisionNotFound');
    await expectError(`/${repository}/resolve/${revision}/${WEIGHTS}`, 404, 'RevisionNotFound');
  }
  for (const path of [
    `/${repository}/resolve/main/adapter_model.bin`,
    `/${repository}/resolve/main/%F0%9F%A6%99/a%0Ab`,
    `/${repository}/raw/main/adapter_model.bin`,
    `/api/models/${repository}/tree/main/additional_chat_templates?recursive=false`,
    `/api/models/${repository}/tree/main/README.md`,
  ]) {
    const response = await expectError(path, 404, 'EntryNotFound');
    expect(response.headers.get('x-repo-commit')).toBe(commit);
  }
  await expectError(`/api/models/${repository}/commits/main`, 404, null);
});

test('nobody is logged in', async () => {
  const response = await server.fetch('/api/whoami-v2', {
    headers: { authorization: 'Bearer hf_nobodyknows' },
  });
  expect(response.status).toBe(401);
  expect(response.headers.get('x-error-message')).toBe(
    'Invalid credentials in Authorization header',
  );
  expect(response.headers.get('www-authenticate')).toContain('Bearer');
  expect(await response.text()).not.toContain('nobodyknows');
});

test('the list of models is paged and narrowed', async () => {
  const others = [await make('Keep the first word'), await make('Keep the last word')];
  const ids = [repository, ...others.map((one) => one.repository)].sort();
  const seen: string[] = [];
  let next: string | undefined = `${server.origin}/api/models?author=t2l&limit=2&sort=lastModified`;
  let pages = 0;
  while (next !== undefined) {
    const response: Response = await fetch(next);
    seen.push(...((await response.json()) as { id: string }[]).map(({ id }) => id));
    next = /^<(http[^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
    pages++;
  }
  expect([pages, seen.toSorted()]).toEqual([2, ids]);

  async function found(query: string): Promise<string[]> {
    const models = (await json(`/api/models?${query}`)) as { id: string }[];
    return models.map(({ id }) => id).sort();
  }
  expect(await found('limit=1000')).toEqual(ids);
  expect(await found('search=reverse')).toEqual([repository]);
  expect(await found(`search=${repository.slice(0, 20)}`)).toEqual([repository]);
  expect(await found(`filter=peft&filter=base_model:adapter:${adapter.base_model}`)).toEqual(ids);
  expect(await found('filter=base_model:other/model')).toEqual([]);
  expect(await found('filter=gguf')).toEqual([]);
  expect(await found('pipeline_tag=text-generation&library=peft')).toEqual(ids);
  expect(await found('author=somebody')).toEqual([]);
  for (const [query, code] of [
    ['limit=0', 'limit_out_of_range'],
    ['sort=colour', 'sort_unknown'],
    ['direction=1', 'sort_unknown'],
    ['cursor=abc', 'cursor_malformed'],
  ]) {
    const response = await server.fetch(`/api/models?${query}`);
    expect([query, response.status]).toEqual([query, 400]);
    expect(await response.json()).toMatchObject({ code, error: expect.any(String) });
  }
});

test('browsers may read the headers and ask for paths', async () => {
  const { headers } = await server.fetch(`/${repository}/resolve/main/README.md`);
  expect(headers.get('access-control-allow-origin')).toBe('*');
  const exposed = headers.get('access-control-expose-headers')?.toLowerCase().split(',') ?? [];
  for (const name of [
    'etag',
    'x-linked-etag',
    'x-linked-size',
    'x-repo-commit',
    'x-error-code',
    'x-error-message',
    'link',
    'content-range',
    'accept-ranges',
  ]) {
    expect(exposed).toContain(name);
  }
  const preflight = await server.fetch(`/api/models/${repository}/paths-info/main`, {
    method: 'OPTIONS',
    headers: {
      origin: 'https://elsewhere.example',
      'access-control-request-method': 'POST',
      'access-control-request-headers': 'authorization,content-type',
    },
  });
  expect(preflight.headers.get('access-control-allow-methods')).toContain('POST');
  expect(preflight.headers.get('access-control-allow-headers')?.toLowerCase()).toContain(
    'content-type',
  );
});

test('every route of the protocol is described', async () => {
  const { paths } = (await json('/openapi.json')) as { paths: Record<string, object> };
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
