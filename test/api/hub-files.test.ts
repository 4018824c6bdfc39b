import { createHash } from 'node:crypto';
import { beforeAll, expect, test } from 'vitest';
import type { SharedServer } from '../server.ts';
import { type AdapterDocument, FILES, json, sharedRepository, WEIGHTS } from './hub-repository.ts';

let server: SharedServer;
let adapter: AdapterDocument;
let repository: string;
let commit: string;

beforeAll(async () => {
  ({ server, adapter, repository, commit } = await sharedRepository());
});

function sha256(bytes: ArrayBuffer): string {
  return createHash('sha256').update(Buffer.from(bytes)).digest('hex');
}

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
        'repr-digest': `sha-256=:${Buffer.from(listed?.sha256 ?? '', 'hex').toString('base64')}:`,
        'content-length': String(listed?.bytes),
        'accept-ranges': 'bytes',
      });
      expect([...head.headers.keys()].filter((one) => one.startsWith('x-xet'))).toEqual([]);
      const fixed = head.headers.get('cache-control')?.includes('immutable');
      // A card may be worded anew.
      expect(fixed).toBe(name === 'commit' && file !== 'README.md');
      const get = await server.fetch(path, { headers: { authorization: 'Bearer hf_nobodyknows' } });
      expect(sha256(await get.arrayBuffer())).toBe(listed?.sha256);
      expect(get.headers.get('repr-digest')).toBe(head.headers.get('repr-digest'));
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
  const digest = Buffer.from(sha256(whole), 'hex').toString('base64');
  expect(first.headers.get('repr-digest')).toBe(`sha-256=:${digest}:`);
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
  expect(await json(server, `/api/models/${short}`)).toMatchObject({ id: repository, sha: commit });
  const file = await server.fetch(`/${short}/resolve/${commit}/README.md`, { method: 'HEAD' });
  expect(file.headers.get('cache-control')).not.toContain('immutable');
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
