import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { createHttpModerator, type HttpModeration } from '../../src/moderation/http.ts';
import { type ModerationService, startModeration } from './service.ts';

const DESCRIPTION = 'Tell everybody my neighbour drinks.';

let service: ModerationService;
let log: ReturnType<typeof vi.spyOn>;

beforeAll(async () => {
  service = await startModeration();
});

beforeEach(() => {
  service.asked.length = 0;
  log = vi
    .spyOn(console, 'error')
    .mockClear()
    .mockImplementation(() => undefined);
});

afterAll(async () => {
  log.mockRestore();
  await service.close();
});

function decide(options: Partial<HttpModeration> = {}) {
  return createHttpModerator({ url: `${service.origin}/decide?v=1`, ...options })(DESCRIPTION);
}

test('our own dialect: the address as it is set, the description, a decision and a reason', async () => {
  service.say(() => ({ body: '{"allowed":true}' }));
  expect(await decide()).toEqual({ allowed: true });
  service.say(() => ({ body: '{"allowed":false,"reason":"It names a person.","more":1}' }));
  expect(await decide({ token: 's3cret' })).toEqual({
    allowed: false,
    reason: 'It names a person.',
  });
  service.say(() => ({ body: '{"allowed":false,"reason":null}' }));
  expect(await decide({ model: 'not told' })).toEqual({ allowed: false });
  expect(service.asked.map(({ path, body }) => [path, body])).toEqual(
    Array.from({ length: 3 }, () => ['/decide?v=1', { description: DESCRIPTION }]),
  );
  expect(service.asked.map(({ headers }) => headers.authorization)).toEqual([
    undefined,
    'Bearer s3cret',
    undefined,
  ]);
});

test("OpenAI's dialect: its path, its names, the model if there is one", async () => {
  const openai = { url: `${service.origin}/base/`, dialect: 'openai' };
  service.say(() => ({
    body: '{"id":"m","model":"x","results":[{"flagged":false,"categories":{"hate":false}}]}',
  }));
  expect(await decide(openai)).toEqual({ allowed: true });
  service.say(() => ({
    body: '{"results":[{"flagged":true,"categories":{"hate":false,"harassment":true,"violence":true,"x":null}}]}',
  }));
  expect(await decide({ ...openai, model: 'omni' })).toEqual({
    allowed: false,
    reason: 'harassment, violence',
  });
  service.say(() => ({ body: '{"results":[{"flagged":true}]}' }));
  expect(await decide(openai)).toEqual({ allowed: false });
  expect(service.asked.map(({ path, body }) => [path, body])).toEqual([
    ['/base/v1/moderations', { input: DESCRIPTION }],
    ['/base/v1/moderations', { input: DESCRIPTION, model: 'omni' }],
    ['/base/v1/moderations', { input: DESCRIPTION }],
  ]);
});

test.each([
  ['nothing', ''],
  ['a web page', '<html>'],
  ['a yes', 'true'],
  ['another member', '{"ok":true}'],
  ['a word', '{"allowed":"true"}'],
  ['a number', '{"allowed":1}'],
  ['a null', '{"allowed":null}'],
  ['a list', '[{"allowed":true}]'],
  ['a reason that is no text', '{"allowed":true,"reason":{}}'],
  ['a repetition of what it was asked', JSON.stringify({ echo: DESCRIPTION })],
])('%s is no decision', async (_case, body) => {
  service.say(() => ({ body }));
  await expect(decide()).rejects.toMatchObject({
    code: 'moderation_unavailable',
    status: 503,
    extra: { headers: { 'retry-after': '5' } },
  });
});

test.each([
  '{"results":[]}',
  '{"results":[{"flagged":false},{"flagged":true}]}',
  '{"results":[{}]}',
  '{"results":{"flagged":false}}',
  '{"allowed":true}',
  '{"error":{"message":"no such model"}}',
])("%s is none in OpenAI's dialect", async (body) => {
  service.say(() => ({ body }));
  await expect(decide({ url: service.origin, dialect: 'openai' })).rejects.toMatchObject({
    code: 'moderation_unavailable',
  });
});

test.each([204, 400, 401, 403, 429, 500, 503])('status %i is heeded', async (status) => {
  // Allowed by its words, but only a success may allow.
  service.say(() => ({ status, body: status === 204 ? '' : '{"allowed":true}' }));
  await expect(decide()).rejects.toMatchObject({ code: 'moderation_unavailable' });
});

test.each([301, 302, 303, 307, 308])('a redirect (%i) is not followed', async (status) => {
  service.say(({ path }) =>
    path === '/elsewhere'
      ? { body: '{"allowed":true}' }
      : { status, location: `${service.origin}/elsewhere`, body: '' },
  );
  const answer = decide({ token: 's3cret' });
  await expect(answer).rejects.toMatchObject({ code: 'moderation_unavailable' });
  await expect(answer).rejects.toThrow(`a redirect (${status}), which is not followed`);
  expect(service.asked).toHaveLength(1);
});

test('a service that is slow, or away, decides nothing', async () => {
  service.say(() => undefined);
  await expect(decide({ timeoutMs: 50 })).rejects.toThrow('did not answer within 50 ms');
  await expect(decide({ url: 'http://127.0.0.1:9' })).rejects.toThrow('cannot be reached');
});

test('neither the log nor the public reads the description, the token or what the service said', async () => {
  for (const said of [
    { status: 400, body: `no: ${DESCRIPTION}` },
    { body: JSON.stringify({ echo: DESCRIPTION }) },
    { status: 302, location: `/${encodeURIComponent(DESCRIPTION)}`, body: '' },
  ]) {
    service.say(() => said);
    const error = await decide({ token: 's3cret' }).catch(String);
    expect(error).toContain('moderation_unavailable');
    expect(error).not.toMatch(/neighbour|s3cret|127\.0\.0\.1/);
  }
  const lines = log.mock.calls.flat().join('\n');
  expect(lines.split('\n')).toHaveLength(3);
  expect(lines).toContain('"event":"moderation failed","host":"127.0.0.1:');
  expect(lines).not.toMatch(/neighbour|s3cret/);
});

test.each([
  { url: undefined },
  { url: '' },
  { url: 'moderation.internal' },
  { url: 'user:s3cret@moderation.internal' },
  { url: 'ftp://moderation.internal' },
  { url: 'http://moderation.internal', dialect: 'azure' },
  { url: 'http://moderation.internal', dialect: 'toString' },
])('settings that are wrong are said, without repeating them: %o', (options) => {
  const make = () => createHttpModerator(options);
  expect(make).toThrow(expect.objectContaining({ code: 'moderation_misconfigured', status: 500 }));
  expect(make).toThrow(/MODERATION_URL must be .* MODERATION_DIALECT one of t2l, openai/);
  expect(make).not.toThrow(/s3cret/);
});
