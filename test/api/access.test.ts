/** Who may read, list and make, as the operator chose, and what a token of the endpoint opens. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { openApi } from './openapi.ts';
import { expectProblem } from './problem.ts';

const BODY = { description: 'Answer with the first word.' };
const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };

interface Created {
  readonly id: string;
  readonly token: string;
}

async function tokenOf(server: TestServer, ...scopes: readonly string[]): Promise<Created> {
  const body = { name: scopes.join(' and '), scopes };
  const response = await server.send('/v1/tokens', body, { headers: admin });
  expect(response.status).toBe(201);
  expect(response.headers.get('cache-control')).toBe('no-store');
  return (await response.json()) as Created;
}

function bearing({ token }: Created): { readonly headers: Record<string, string> } {
  return { headers: { authorization: `Bearer ${token}` } };
}

describe('a private endpoint', () => {
  let server: TestServer;
  let reader: Created;
  let maker: Created;
  let adapter: string;

  beforeAll(async () => {
    server = await startServer({ ADMIN_TOKEN, ACCESS: 'private', LISTS: 'public' });
    reader = await tokenOf(server, 'read');
    maker = await tokenOf(server, 'generate');
    const made = await server.send('/v1/adapters', BODY, bearing(maker));
    expect(made.status).toBe(201);
    adapter = ((await made.json()) as { id: string }).id;
  });

  afterAll(() => server.close());

  test('answers nobody but for health, the page and the description of the API', async () => {
    const open = new Set<string>();
    const description = openApi(createApp());
    const values: Readonly<Record<string, string>> = {
      id: adapter,
      file: 'adapter_model.safetensors',
      namespace: 't2l',
      name: adapter,
      revision: 'main',
      path: 'adapter_config.json',
    };
    for (const [path, item] of Object.entries(description.paths)) {
      const address = path.replaceAll(/\{(\w+)\}/g, (_, name: string) => values[name] ?? 'x');
      for (const method of Object.keys(item)) {
        const asks = method === 'post' || method === 'put';
        const response = asks
          ? await server.send(address, {}, { method: method.toUpperCase() })
          : await server.fetch(address, { method: method.toUpperCase() });
        await response.arrayBuffer();
        if (response.status !== 401) {
          open.add(`${method} ${path}`);
        }
      }
    }
    expect([...open].sort()).toEqual(['get /', 'get /docs', 'get /healthz', 'get /openapi.json']);
    expect((await server.fetch('/nothing/here')).status).toBe(401);
  });

  test('opens to a reader what is read, for caches of theirs alone, and nothing more', async () => {
    for (const path of [
      '/v1/adapters',
      '/v1/adapters?q=first',
      `/v1/adapters/${adapter}`,
      '/v1/hypernets',
      '/api/models',
      `/api/models/t2l/${adapter}`,
    ]) {
      const response = await server.fetch(path, bearing(reader));
      expect(response.status, path).toBe(200);
      await response.arrayBuffer();
    }
    const file = await server.fetch(`/v1/adapters/${adapter}/adapter_config.json`, bearing(reader));
    expect(file.headers.get('cache-control')).toMatch(/^private, .*immutable/);
    expect(file.headers.get('vary')).toContain('Authorization');
    await file.arrayBuffer();
    await expectProblem(await server.send('/v1/adapters', BODY, bearing(reader)), 'scope_missing');
    const gone = await server.fetch(`/v1/adapters/${adapter}`, {
      method: 'DELETE',
      ...bearing(maker),
    });
    await expectProblem(gone, 'admin_token_wrong');
  });

  test('gives what it has just read to nobody else', async () => {
    const path = `/v1/adapters/${adapter}/adapter_model.safetensors`;
    for (let read = 0; read < 2; read++) {
      const response = await server.fetch(path, bearing(reader));
      expect(response.status).toBe(200);
      await response.arrayBuffer();
      await expectProblem(await server.fetch(path), 'token_missing');
    }
    const head = await server.fetch(path, { method: 'HEAD' });
    expect(head.status).toBe(401);
  });

  test('answers clients of the Hub as it does of a repository that is private', async () => {
    const path = `/t2l/${adapter}/resolve/main/adapter_config.json`;
    const missing = await server.fetch(path);
    expect(missing.status).toBe(401);
    expect(missing.headers.get('x-error-code')).toBe('RepoNotFound');
    const wrong = await server.fetch(path, { headers: { authorization: 'Bearer hf_another' } });
    expect(wrong.status).toBe(401);
    expect(wrong.headers.get('x-error-message')).toBe(
      'Invalid credentials in Authorization header',
    );
    const right = await server.fetch(path, bearing(reader));
    expect(right.status).toBe(200);
    const who = await server.fetch('/api/whoami-v2', bearing(reader));
    expect(await who.json()).toMatchObject({
      name: 'read',
      auth: { accessToken: { role: 'read' } },
    });
  });

  test('takes no token that is revoked, expired or never given out', async () => {
    const path = `/v1/adapters/${adapter}`;
    const brief = await tokenOf(server, 'read');
    const revoked = await server.fetch(`/v1/tokens/${brief.id}`, {
      method: 'DELETE',
      headers: admin,
    });
    expect(revoked.status).toBe(204);
    const later = await server.fetch(path, bearing(brief));
    expect(later.headers.get('www-authenticate')).toMatch(/^Bearer/);
    await expectProblem(later, 'token_invalid');
    const old = await tokenOf(server, 'read');
    await server.env.DB.prepare('UPDATE tokens SET expires_at = 1 WHERE id = ?').bind(old.id).run();
    await expectProblem(await server.fetch(path, bearing(old)), 'token_invalid');
    const made = { id: '', token: `t2l_${'A'.repeat(43)}` };
    await expectProblem(await server.fetch(path, bearing(made)), 'token_invalid');
    const cut = { id: '', token: reader.token.slice(0, -1) };
    await expectProblem(await server.fetch(path, bearing(cut)), 'token_invalid');
  });
});

describe('tokens', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(() => server.close());

  test('are shown once and kept by their hash', async () => {
    const { id, token } = await tokenOf(server, 'generate', 'read');
    expect(token).toMatch(/^t2l_[\w-]{43}$/);
    const list = await server.fetch('/v1/tokens', { headers: admin });
    const text = await list.text();
    expect(JSON.parse(text).tokens[0]).toMatchObject({ id, scopes: ['read', 'generate'] });
    expect(text).not.toContain(token);
    const { results } = await server.env.DB.prepare('SELECT * FROM tokens').all();
    expect(JSON.stringify(results)).not.toContain(token.slice(4));
  });

  test('of the scope admin are as good as the secret, until there is no secret', async () => {
    const owner = await tokenOf(server, 'admin');
    const list = await server.fetch('/v1/tokens', bearing(owner));
    expect(list.status).toBe(200);
    await list.arrayBuffer();
  });

  test.each([
    [{ scopes: ['read'] }, 'name_malformed'],
    [{ name: '   ', scopes: ['read'] }, 'name_malformed'],
    [{ name: 'x'.repeat(101), scopes: ['read'] }, 'name_malformed'],
    [{ name: 'x' }, 'scopes_malformed'],
    [{ name: 'x', scopes: [] }, 'scopes_malformed'],
    [{ name: 'x', scopes: ['write'] }, 'scopes_malformed'],
    [{ name: 'x', scopes: ['read'], expires_in_days: 0 }, 'lifetime_malformed'],
    [{ name: 'x', scopes: ['read'], expires_in_days: 1.5 }, 'lifetime_malformed'],
    [{ name: 'x', scopes: ['read'], daily_adapters: -1 }, 'quota_malformed'],
    [{ name: 'x', scopes: ['read'], token: 't2l_mine' }, 'field_unknown'],
  ] as const)('are not made of %j', async (body, code) => {
    await expectProblem(await server.send('/v1/tokens', body, { headers: admin }), code);
  });

  test('that are not there cannot be revoked', async () => {
    const response = await server.fetch('/v1/tokens/0000', { method: 'DELETE', headers: admin });
    await expectProblem(response, 'token_unknown');
  });
});

test('as deployed, anybody reads by id and has adapters made, and lists take a token', async () => {
  const server = await startServer({ ADMIN_TOKEN, LISTS: '' });
  const made = await server.send('/v1/adapters', BODY);
  expect(made.status).toBe(201);
  const { id } = (await made.json()) as { id: string };
  expect((await server.fetch(`/v1/adapters/${id}`)).status).toBe(200);
  for (const path of [
    '/v1/adapters',
    '/v1/adapters?q=first',
    '/api/models',
    '/api/models?limit=1',
  ]) {
    const response = await server.fetch(path);
    expect(response.status, path).toBe(401);
    expect(await response.json()).toMatchObject({ code: 'token_missing' });
  }
  const reader = await tokenOf(server, 'read');
  const list = await server.fetch('/v1/adapters', bearing(reader));
  expect(JSON.stringify(await list.json())).toContain(BODY.description);
  await server.close();
});

test('where only reading is public, making takes a token', async () => {
  const server = await startServer({ ADMIN_TOKEN, ACCESS: 'read-public' });
  await expectProblem(await server.send('/v1/adapters', BODY), 'token_missing');
  const link = `/v1/adapters/by-description?d=${encodeURIComponent(BODY.description)}`;
  await expectProblem(await server.fetch(link), 'token_missing');
  const maker = await tokenOf(server, 'generate');
  const made = await server.fetch(link, bearing(maker));
  expect(made.status).toBe(201);
  const { id } = (await made.json()) as { id: string };
  const file = await server.fetch(`/v1/adapters/${id}/adapter_config.json`);
  expect(file.headers.get('cache-control')).toMatch(/^public/);
  await server.close();
});

test('a word for ACCESS that is not known opens nothing', async () => {
  const server = await startServer({ ADMIN_TOKEN, ACCESS: 'Public ' });
  await expectProblem(await server.fetch('/v1/hypernets'), 'token_missing');
  await server.close();
});
