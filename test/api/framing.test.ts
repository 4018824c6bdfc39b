/**
 * Bodies whose framing is broken or that end early, byte by byte over a socket. Who answers depends on
 * what stands before the Worker:
 *
 *   a head that cannot be parsed    workerd itself: 400 in plain text
 *   `t2l serve` (miniflare)         the Worker sees its body fail and answers 400 `body_incomplete`
 *   `npm start` (`wrangler dev`)    wrangler's ProxyWorker, which passes requests on to the Worker: it loses
 *                                   the connection with the body and answers 500 in plain text
 */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Endpoint, startEndpoint } from '../../scripts/endpoint.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const BODY = '{"frob":1}';
const SIZE = BODY.length.toString(16);
const CHUNKED = 'Transfer-Encoding: chunked';

/** Name -> headers of the body, what is sent of it, and whether the sender then closes its side. */
const BROKEN: Readonly<Record<string, readonly [headers: string, body: string, ends?: boolean]>> = {
  'a size that is no number': [CHUNKED, `zz\r\n${BODY}\r\n0\r\n\r\n`],
  'such a size after a good chunk': [CHUNKED, `${SIZE}\r\n${BODY}\r\nzz\r\n0\r\n\r\n`],
  'a negative size': [CHUNKED, `-5\r\n${BODY}\r\n0\r\n\r\n`],
  'no size': [CHUNKED, `\r\n${BODY}\r\n0\r\n\r\n`],
  'a size beyond the data': [CHUNKED, `ffff\r\n${BODY}\r\n0\r\n\r\n`, true],
  'a size beyond 64 bits': [CHUNKED, `fffffffffffffffff\r\n${BODY}\r\n0\r\n\r\n`, true],
  'more data than its size': [CHUNKED, `5\r\n${BODY}\r\n0\r\n\r\n`],
  'no line end after data': [CHUNKED, `${SIZE}\r\n${BODY}0\r\n\r\n`],
  'an end in a chunk': [CHUNKED, `${SIZE}\r\n${BODY.slice(0, 4)}`, true],
  'an end before the last chunk': [CHUNKED, `${SIZE}\r\n${BODY}\r\n`, true],
  'an end before the first chunk': [CHUNKED, '', true],
  'an end before the declared length': [`Content-Length: ${BODY.length + 9}`, BODY, true],
};
const BROKEN_NAMES = Object.keys(BROKEN);

let alone: TestServer;
let behindWrangler: Endpoint;

beforeAll(async () => {
  alone = await startServer();
  behindWrangler = await startEndpoint({ built: 'dist/worker', secrets: { ADMIN_TOKEN } });
});

afterAll(async () => {
  await alone.close();
  await behindWrangler.close();
});

/** What comes back for these bytes, to the end of its body. */
async function exchange(
  origin: string,
  request: string,
  { headers, body, ends = false }: { headers: string; body: string; ends?: boolean | undefined },
): Promise<{ status: number; type: string; text: string }> {
  const { hostname, port, host } = new URL(origin);
  const socket = connect(Number(port), hostname);
  const admin = `Authorization: Bearer ${ADMIN_TOKEN}`;
  const own = `Host: ${host}\r\nContent-Type: application/json\r\n${admin}\r\nConnection: close`;
  socket.write(`${request} HTTP/1.1\r\n${own}\r\n${headers}\r\n\r\n${body}`);
  if (ends) {
    socket.end();
  }
  let answer = '';
  socket.on('data', (chunk: Buffer) => {
    answer += chunk;
  });
  // Whoever answers closes the connection: what else was sent cannot be told apart from the body.
  await once(socket, 'close');
  const [head = '', ...rest] = answer.split('\r\n\r\n');
  return {
    status: Number(head.split(' ')[1]),
    type: /^content-type: *([^;\r]*)/im.exec(head)?.[1] ?? '',
    text: rest.join('\r\n\r\n'),
  };
}

async function atWorker(request: string, headers: string, body: string, ends?: boolean) {
  return exchange(alone.origin, request, { headers, body, ends });
}

test('a body that is framed well is read', async () => {
  const answer = await atWorker('POST /v1/adapters', CHUNKED, `${SIZE}\r\n${BODY}\r\n0\r\n\r\n`);
  expect(answer.text).toContain('"code":"field_unknown"');
});

test.each(BROKEN_NAMES)('%s: the Worker answers 400', async (name) => {
  const [headers, body, ends] = BROKEN[name] ?? ['', ''];
  const answer = await atWorker('POST /v1/adapters', headers, body, ends);
  expect(answer).toMatchObject({ status: 400, type: 'application/problem+json' });
  expect(answer.text).toContain('"code":"body_incomplete"');
});

test.each([
  'POST /v1/hypernets',
  'PUT /v1/hypernets/t2l-mini/active',
  'PUT /v1/hypernets/t2l-mini/canary',
  'PUT /v1/hypernets/t2l-mini/versions/1.0.0/yanked',
  'POST /api/models/t2l/t2l-mini/paths-info/main',
])('%s refuses a body that is framed badly or ends early', async (request) => {
  for (const [body, ends] of [
    [`zz\r\n${BODY}\r\n0\r\n\r\n`, false],
    [`${SIZE}\r\n${BODY.slice(0, 4)}`, true],
  ] as const) {
    const answer = await atWorker(request, CHUNKED, body, ends);
    expect(answer.status).toBe(400);
    expect(answer.text).toContain('"code":"body_incomplete"');
  }
});

test.each(['Content-Length: zz', 'Content-Length: -3', 'Transfer-Encoding: zz'])(
  '%s: workerd answers 400, and no Worker is asked',
  async (headers) => {
    const answer = await atWorker('POST /v1/adapters', headers, BODY);
    expect(answer).toMatchObject({ status: 400, type: 'text/plain' });
    expect(answer.text).toMatch(/^invalid (content-length|transfer-encoding)/);
  },
);

test.each(BROKEN_NAMES)('%s: behind wrangler it is not the Worker that fails', async (name) => {
  const [headers, body, ends] = BROKEN[name] ?? ['', ''];
  const answer = await exchange(behindWrangler.origin, 'POST /v1/adapters', {
    headers,
    body,
    ends,
  });
  // The problem of the Worker, should a later wrangler let it through, or wrangler's own words.
  if (answer.status !== 400) {
    expect(answer).toMatchObject({ status: 500, type: 'text/plain' });
    expect(answer.text).toContain('Network connection lost');
  }
  expect(answer.text).not.toContain('internal_error');
  expect((await fetch(`${behindWrangler.origin}/healthz`)).status).toBe(200);
});
