import { afterEach, expect, test } from 'vitest';
import { createClient, type T2lClient } from '../../src/sdk/index.ts';
import { type Script, type ScriptedServer, sendJson, startScripted } from './scripted-server.ts';

const HEALTH = { status: 'ok', hypernet: { name: 'n', version: '1.0.0', digest: 'd' } };
const BUSY = { code: 'busy', title: 'Busy', status: 503, detail: 'Come back later.', type: 'x' };

const open: ScriptedServer[] = [];

afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

async function serve(
  script: Script,
  options: { token?: string; retries?: number } = {},
): Promise<{ server: ScriptedServer; client: T2lClient }> {
  const server = await startScripted(script);
  open.push(server);
  return { server, client: createClient({ endpoint: server.origin, ...options }) };
}

test('a server that says when to come back is asked again then, and not before', async () => {
  for (const [status, inSeconds] of [
    [503, '1'],
    [429, '1'],
    [503, undefined],
  ] as const) {
    const times: number[] = [];
    const { client } = await serve(({ number }, response) => {
      times.push(performance.now());
      // The second form of the header is a date, of whole seconds.
      const date = new Date(Math.ceil(Date.now() / 1000) * 1000 + 1000).toUTCString();
      return number === 1
        ? sendJson(response, status, BUSY, { 'retry-after': inSeconds ?? date })
        : sendJson(response, 200, HEALTH);
    });
    expect(await client.health()).toEqual(HEALTH);
    expect(times).toHaveLength(2);
    expect((times[1] ?? 0) - (times[0] ?? 0)).toBeGreaterThan(950);
  }
});

test('tries are bounded in number and in time', async () => {
  const impatient = await serve((_, response) =>
    sendJson(response, 503, BUSY, { 'retry-after': '0' }),
  );
  await expect(impatient.client.health()).rejects.toMatchObject({ code: 'busy', status: 503 });
  expect(impatient.server.requests).toHaveLength(4);

  const once = await serve((_, response) => sendJson(response, 503, BUSY, { 'retry-after': '0' }), {
    retries: 0,
  });
  await expect(once.client.health()).rejects.toMatchObject({ code: 'busy' });
  expect(once.server.requests).toHaveLength(1);

  const tomorrow = await serve((_, response) =>
    sendJson(response, 503, BUSY, { 'retry-after': '86400' }),
  );
  await expect(tomorrow.client.health()).rejects.toMatchObject({
    code: 'busy',
    extra: { retry_after_ms: 86_400_000 },
  });
  expect(tomorrow.server.requests).toHaveLength(1);
});

test('an endpoint that does not want to be asked again is not', async () => {
  const { server, client } = await serve((_, response) => sendJson(response, 503, BUSY));
  await expect(client.health()).rejects.toMatchObject({ code: 'busy' });
  expect(server.requests).toHaveLength(1);
});

test('a broken connection is tried again for reads and for generate, never for other writes', async () => {
  const { server, client } = await serve(({ number }, response) => {
    if (number === 1 || number === 3) {
      response.socket?.destroy();
      return;
    }
    sendJson(response, number === 2 ? 200 : 404, number === 2 ? HEALTH : { ...BUSY, status: 404 });
  });
  expect(await client.health()).toEqual(HEALTH);
  await expect(client.generate({ description: 'x' })).rejects.toMatchObject({ status: 404 });
  expect(server.requests.map(({ line }) => line)).toEqual([
    'GET /healthz',
    'GET /healthz',
    'POST /v1/adapters',
    'POST /v1/adapters',
  ]);

  const writes: ((client: T2lClient) => Promise<unknown>)[] = [
    (one) => one.register({ name: 'n', version: '1.0.0', digest: 'd' }),
    (one) => one.activate('n', { rollback: true, expected: null }),
    (one) => one.startCanary('n', { version: '1.0.0', percent: 5 }),
    (one) => one.endCanary('n'),
    (one) => one.yank('n', '1.0.0', 'bad'),
    (one) => one.remove('0'.repeat(64)),
  ];
  for (const write of writes) {
    const broken = await serve((_, response) => response.socket?.destroy());
    await expect(write(broken.client)).rejects.toMatchObject({ code: 'endpoint_unreachable' });
    expect(broken.server.requests).toHaveLength(1);
    const busy = await serve((_, response) =>
      sendJson(response, 503, BUSY, { 'retry-after': '0' }),
    );
    await expect(write(busy.client)).rejects.toMatchObject({ code: 'busy' });
    expect(busy.server.requests).toHaveLength(1);
    // 429 says that nothing was done.
    const limited = await serve((_, response) =>
      sendJson(response, 429, { ...BUSY, status: 429 }, { 'retry-after': '0' }),
    );
    await expect(write(limited.client)).rejects.toMatchObject({ code: 'busy', status: 429 });
    expect(limited.server.requests).toHaveLength(4);
  }
});

test('an endpoint that is not there is named, with the reason', async () => {
  const { server, client } = await serve(() => {}, { retries: 1 });
  await server.close();
  open.length = 0;
  await expect(client.health()).rejects.toMatchObject({
    code: 'endpoint_unreachable',
    status: 503,
    detail: expect.stringMatching(new RegExp(`${server.origin}/healthz.*ECONNREFUSED`)),
  });
});

test('an abort ends a call, while it runs and while it waits, with the reason of the signal', async () => {
  const hanging = await serve(() => {});
  const waiting = await serve((_, response) =>
    sendJson(response, 503, BUSY, { 'retry-after': '30' }),
  );
  for (const { client, server } of [hanging, waiting]) {
    const reason = new Error('enough');
    const controller = new AbortController();
    const call = client.health({ signal: controller.signal });
    setTimeout(() => controller.abort(reason), 300);
    const start = performance.now();
    await expect(call).rejects.toBe(reason);
    expect(performance.now() - start).toBeLessThan(5000);
    expect(server.requests).toHaveLength(1);
  }
  await expect(hanging.client.health({ signal: AbortSignal.abort() })).rejects.toMatchObject({
    name: 'AbortError',
  });
  expect(hanging.server.requests).toHaveLength(1);
});

test('a download that breaks off is begun anew', async () => {
  const { server, client } = await serve(({ number }, response) => {
    response.writeHead(200, { 'content-length': '8' });
    response.write('half', () =>
      number === 1 ? response.socket?.destroy() : response.end('full'),
    );
  });
  const bytes = await client.download({ id: '0'.repeat(64), files: {} }, 'adapter.gguf');
  expect(new TextDecoder().decode(bytes)).toBe('halffull');
  expect(server.requests).toHaveLength(2);
});

test('the page of a proxy, another format and another document each have their code', async () => {
  const page = '<!doctype html><title>Sign in</title>';
  const cases: [string, Script, RegExp][] = [
    [
      'answer_html',
      (_, response) => response.writeHead(200, { 'content-type': 'text/html' }).end(page),
      /status 200, "Sign in"/,
    ],
    [
      'answer_html',
      (_, response) => response.writeHead(502, { 'content-type': 'Text/HTML; a' }).end(page),
      /status 502/,
    ],
    ['answer_not_json', (_, response) => response.end('OK'), /is not JSON: "OK"/],
    ['answer_not_json', (_, response) => response.writeHead(500).end(), /status 500/],
    ['answer_unexpected', (_, response) => sendJson(response, 200, { status: 'fine' }), /status: /],
    [
      'answer_unexpected',
      (_, response) => sendJson(response, 500, { error: 'no' }),
      /status 500 without a problem document/,
    ],
  ];
  for (const [code, script, detail] of cases) {
    const { client } = await serve(script);
    const expected = { code, status: 502, detail: expect.stringMatching(detail) };
    await expect(client.health()).rejects.toMatchObject(expected);
  }
  const { client } = await serve(cases[0]?.[1] ?? (() => {}));
  const download = client.download({ id: '0'.repeat(64), files: {} }, 'adapter.gguf');
  await expect(download).rejects.toMatchObject({ code: 'answer_html' });
});

test('a page of a proxy with 503 is taken for a pause', async () => {
  const { server, client } = await serve(({ number }, response) => {
    if (number === 1) {
      response.writeHead(503, { 'content-type': 'text/html' }).end('<h1>Upgrading</h1>');
      return;
    }
    sendJson(response, 200, HEALTH);
  });
  expect(await client.health()).toEqual(HEALTH);
  expect(server.requests).toHaveLength(2);
});

test('the token reaches the own origin only, and no write follows a redirect', async () => {
  const other = await serve((_, response) => sendJson(response, 200, HEALTH));
  const { server, client } = await serve(
    ({ url, method }, response) => {
      const location = url === '/healthz' ? '/again' : `${other.server.origin}/health`;
      response.writeHead(method === 'GET' ? 307 : 308, { location }).end();
    },
    { token: 'secret' },
  );
  expect(await client.health()).toEqual(HEALTH);
  expect(server.requests).toEqual([
    { line: 'GET /healthz', authorization: 'Bearer secret' },
    { line: 'GET /again', authorization: 'Bearer secret' },
  ]);
  expect(other.server.requests).toEqual([{ line: 'GET /health', authorization: undefined }]);

  await expect(client.generate({ description: 'x' })).rejects.toMatchObject({
    code: 'endpoint_redirected',
    detail: expect.stringContaining(`to ${other.server.origin}/health`),
  });
  expect(other.server.requests).toHaveLength(1);
});

test('an address or a token that cannot work is refused before anything is sent', () => {
  for (const endpoint of ['', 't2l.example', 'ftp://t2l.example', 'https://u:p@t2l.example']) {
    expect(() => createClient({ endpoint })).toThrow(/^endpoint_malformed: .*https:/);
  }
  const secret = 'top\nsecret';
  expect(() => createClient({ endpoint: 'https://t2l.example', token: secret })).toThrow(
    /^token_malformed: (?!.*secret)/,
  );
});

test('an endpoint may lie under a path', async () => {
  const { server } = await serve((_, response) => sendJson(response, 200, HEALTH));
  await createClient({ endpoint: `${server.origin}/t2l/` }).health();
  expect(server.requests.map(({ line }) => line)).toEqual(['GET /t2l/healthz']);
});
