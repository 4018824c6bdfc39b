/** What an isolate counts reaches D1 when it is due, and Analytics Engine at once; neither says who asked what. */
import { createExecutionContext, env, waitOnExecutionContext } from 'cloudflare:test';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { count, writeCounts } from '../../src/api/counting.ts';
import { statStore } from '../../src/store/stats.ts';

const AT = Date.UTC(2026, 7, 31, 12);
const SECRET = 'a-secret-description';
const app = createApp();
const store = statStore(env.DB);
let points: AnalyticsEngineDataPoint[] = [];
const METRICS = { writeDataPoint: (point: AnalyticsEngineDataPoint) => points.push(point) };

beforeEach(async () => {
  vi.useFakeTimers({ toFake: ['Date'], now: AT });
  await writeCounts({ add: async () => {} });
  points = [];
});

afterEach(() => {
  vi.useRealTimers();
});

async function ask(path: string): Promise<number> {
  const context = createExecutionContext();
  const request = new Request(`https://t2l.example${path}`);
  const answer = await app.fetch(request, { ...env, METRICS }, context);
  await answer.text();
  await waitOnExecutionContext(context);
  return answer.status;
}

async function written(): Promise<Record<string, number>> {
  return Object.fromEntries(await store.since('2026-08-31'));
}

test('an answer is a data point of its route, and quotes nothing', async () => {
  expect(await ask(`/v1/adapters/${SECRET}`)).toBe(400);
  expect(await ask(`/v1/adapters?q=${SECRET}`)).toBe(401);
  expect(await ask(`/nowhere/${SECRET}`)).toBe(404);
  expect(points.map(({ blobs }) => blobs)).toEqual([
    ['GET /v1/adapters/:id', '400', 'adapter_id_malformed'],
    ['GET /v1/adapters', '401', 'token_missing'],
    [expect.stringMatching(/^GET [/:*\w]*$/), '404', expect.any(String)],
  ]);
  expect(JSON.stringify(points)).not.toContain(SECRET);
});

test('counts are written when they are five minutes old, once, and added to those that are there', async () => {
  await ask('/v1/adapters/x');
  vi.setSystemTime(AT + 299_000);
  await ask('/v1/adapters/x');
  expect(await written()).toEqual({});
  vi.setSystemTime(AT + 300_000);
  await ask('/v1/adapters/x');
  const first = await written();
  expect(first).toMatchObject({ 'answer:400': 3, 'problem:adapter_id_malformed': 3 });
  await ask('/v1/adapters/x');
  expect(await written()).toEqual(first);
  vi.setSystemTime(AT + 600_000);
  await ask('/v1/adapters/x');
  expect(await written()).toMatchObject({ 'answer:400': 5 });
});

test('what cannot be written is counted with what comes next', async () => {
  count('made:x', 2);
  vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  await writeCounts({ add: () => Promise.reject(new Error('D1 is away')) });
  count('made:x');
  let found = new Map<string, number>();
  await writeCounts({
    async add(_day, counts) {
      found = new Map(counts);
    },
  });
  expect(Object.fromEntries(found)).toEqual({ 'made:x': 3 });
});
