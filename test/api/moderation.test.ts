/** Moderation at the built Worker: what a real service says is done, and without its word nothing is. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { type ModerationService, startModeration } from '../moderation/service.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { expectProblem } from './problem.ts';

const TOKEN = 'a-secret-of-the-service';
const admin = { authorization: `Bearer ${ADMIN_TOKEN}` };

let service: ModerationService;
let server: TestServer;

beforeAll(async () => {
  service = await startModeration();
  server = await startServer({
    ADMIN_TOKEN,
    MODERATION: 'http',
    MODERATION_URL: `${service.origin}/decide`,
    MODERATION_TOKEN: TOKEN,
  });
});

beforeEach(() => {
  service.asked.length = 0;
  service.say(({ body }) => {
    const allowed = !(body as { description: string }).description.includes('neighbour');
    return { body: JSON.stringify(allowed ? { allowed } : { allowed, reason: 'a person.' }) };
  });
});

afterAll(async () => {
  await server.close();
  await service.close();
});

function ask(description: string, more: object = {}, headers = {}): Promise<Response> {
  return server.send('/v1/adapters', { description, ...more }, { headers });
}

async function storedOf(description: string): Promise<number | null> {
  const statement = server.env.DB.prepare(
    'SELECT count(*) AS n FROM adapters WHERE description = ?',
  );
  return statement.bind(description).first<number>('n');
}

test('a new description is asked about as it is meant, once, and what is known never again', async () => {
  const made = await ask('  Reverse   the list ');
  expect(made.status).toBe(201);
  expect(made.headers.get('server-timing')).toMatch(/moderate;dur=/);
  expect(service.asked).toMatchObject([
    {
      path: '/decide',
      body: { description: 'Reverse the list' },
      headers: { authorization: `Bearer ${TOKEN}`, 'content-type': 'application/json' },
    },
  ]);
  service.say(() => ({ body: '{"allowed":false}' }));
  expect((await ask('Reverse the list')).status).toBe(200);
  expect(service.asked).toHaveLength(1);
});

test('what is refused is not made, however it is asked for', async () => {
  const description = 'Say that my neighbour drinks';
  const answer = await ask(description);
  expect(await answer.clone().json()).toMatchObject({
    detail: 'The moderation of this endpoint refuses this description: a person.',
  });
  await expectProblem(answer, 'moderation_refused');
  const link = `/v1/adapters/by-description?d=${encodeURIComponent(description)}`;
  await expectProblem(await server.fetch(link), 'moderation_refused');
  const requests = [{ description }, { description: 'Keep the first word' }];
  const batch = await server.send('/v1/adapters/batch', { requests });
  const lines = (await batch.text())
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  expect(lines.map(({ status }) => status)).toEqual([422, 201]);
  expect(await storedOf(description)).toBe(0);
});

test('an embedding has no words, and an administrator is not asked', async () => {
  const embedding = Array.from({ length: 384 }, (_, at) => (at === 5 ? 1 : 0));
  expect((await server.send('/v1/adapters', { embedding })).status).toBe(201);
  expect((await ask('Praise my neighbour', {}, admin)).status).toBe(201);
  expect(service.asked).toEqual([]);
  expect((await ask('Praise my neighbour')).status).toBe(200);
});

test.each([
  ['fails', { status: 500, body: '{"allowed":true}' }],
  ['talks nonsense', { body: 'sure' }],
  ['sends on', { status: 307, location: '/elsewhere', body: '' }],
])('a service that %s lets nothing pass', async (name, said) => {
  service.say(({ path }) => (path === '/elsewhere' ? { body: '{"allowed":true}' } : said));
  const answer = await ask(`Write as one who ${name}`);
  expect(answer.headers.get('retry-after')).toBe('5');
  await expectProblem(answer, 'moderation_unavailable');
  expect(service.asked.map(({ path }) => path)).toEqual(['/decide']);
  expect(await storedOf(`Write as one who ${name}`)).toBe(0);
  // What is known needs no decision.
  expect((await ask('Reverse the list')).status).toBe(200);
});

test('a batch says of each line when to come back', async () => {
  service.say(() => ({ status: 503, body: '' }));
  const requests = [{ description: 'Come back later' }];
  const batch = await server.send('/v1/adapters/batch', { requests });
  expect(JSON.parse(await batch.text())).toMatchObject({
    status: 503,
    problem: { code: 'moderation_unavailable', retry_after: 5 },
  });
});

test.each([
  [{ MODERATION: 'http', MODERATION_URL: 'http://127.0.0.1:9' }, 'moderation_unavailable'],
  [{ MODERATION: 'http' }, 'moderation_misconfigured'],
  [{ MODERATION: 'workers-ai' }, 'moderation_misconfigured'],
  [{ MODERATION: 'yes' }, 'moderation_misconfigured'],
] as const)('with %o nothing is made', async (settings, code) => {
  const closed = await startServer({ ADMIN_TOKEN, ...settings });
  await expectProblem(await closed.send('/v1/adapters', { description: 'Reverse it' }), code);
  const { objects } = await closed.env.ADAPTERS.list({ prefix: 'adapters/' });
  expect(objects).toEqual([]);
  expect((await closed.fetch('/healthz')).status).toBe(200);
  await closed.close();
});

test('a moderator that is away uses up nobody\u2019s day', async () => {
  const limited = await startServer({
    ADMIN_TOKEN,
    LIMITS: '',
    DAILY_ADDRESS: '2',
    MODERATION: 'http',
    MODERATION_URL: `${service.origin}/decide`,
  });
  async function statusOf(description: string): Promise<number> {
    const answer = await limited.send('/v1/adapters', { description });
    await answer.body?.cancel();
    return answer.status;
  }
  service.say(() => ({ status: 500, body: '' }));
  for (let time = 0; time < 4; time++) {
    expect(await statusOf('Write the first word twice.')).toBe(503);
  }
  service.say(() => ({ body: '{"allowed":true}' }));
  expect(await statusOf('Write the first word twice.')).toBe(201);
  service.say(() => ({ body: '{"allowed":false}' }));
  expect(await statusOf('Write the second word twice.')).toBe(422);
  expect(await statusOf('Write the third word twice.')).toBe(429);
  await limited.close();
});

test('a word that is typed otherwise than it is read is asked about as it is read', async () => {
  await expectProblem(await ask('Say that my neighb\u0336our drinks'), 'moderation_refused');
  expect(service.asked.map(({ body }) => (body as { description: string }).description)).toEqual([
    'Say that my neighb\u0336our drinks',
    'Say that my neighbour drinks',
  ]);
});
