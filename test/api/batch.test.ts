/** A batch: a line for each request as it is made, the same adapters as one by one, and nothing after a hang-up. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { batchLineSchema } from '../../src/contract/documents/batch.ts';
import { startServer, type TestServer } from '../server.ts';
import { expectProblem } from './problem.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

function linesOf(text: string) {
  return text
    .trimEnd()
    .split('\n')
    .map((line) => batchLineSchema.parse(JSON.parse(line)));
}

async function countRows(): Promise<number> {
  const row = await server.env.DB.prepare('SELECT count(*) AS rows FROM adapters').first<{
    rows: number;
  }>();
  return row?.rows ?? 0;
}

test('each request has its line, in order, whatever befalls the others', async () => {
  const known = { description: 'Answer with the first word.' };
  const first = (await (await server.send('/v1/adapters', known)).json()) as { id: string };
  const requests = [
    known,
    { description: '' },
    { description: 'Answer with the last word.', strength: 2 },
    { description: 'Answer with the last word.', dtype: 'float8' },
    { description: 'Answer with the last word.', strength: 2 },
    { prompt: 'Answer.' },
  ];
  const response = await server.send('/v1/adapters/batch', { requests });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toBe('application/x-ndjson');
  const lines = linesOf(await response.text());
  expect(lines.map(({ index, status }) => [index, status])).toEqual([
    [0, 200],
    [1, 400],
    [2, 201],
    [3, 400],
    [4, 200],
    [5, 400],
  ]);
  expect(lines.map(({ problem }) => problem?.code)).toEqual([
    undefined,
    'description_empty',
    undefined,
    'dtype_unknown',
    undefined,
    'field_unknown',
  ]);
  expect(lines[0]?.adapter?.id).toBe(first.id);
  expect(lines[4]?.adapter?.id).toBe(lines[2]?.adapter?.id);
  const alone = await server.send('/v1/adapters', requests[2]);
  const { cached: _cached, ...document } = (await alone.json()) as { cached: boolean };
  expect(lines[4]?.adapter).toMatchObject(document);
});

test('who hangs up has nothing more made', async () => {
  const before = await countRows();
  const requests = Array.from({ length: 40 }, (_, number) => ({
    description: `Repeat the word ${number + 2} times.`,
  }));
  const response = await server.send('/v1/adapters/batch', { requests });
  const reader = response.body?.getReader();
  await reader?.read();
  await reader?.cancel();
  await new Promise((resolve) => setTimeout(resolve, 1500));
  const after = await countRows();
  await new Promise((resolve) => setTimeout(resolve, 500));
  expect(await countRows()).toBe(after);
  expect(after - before).toBeGreaterThan(0);
  expect(after - before).toBeLessThan(requests.length);
});

test('a store that is away is said in the line, with when to ask again', async () => {
  await server.env.DB.prepare('ALTER TABLE refusals RENAME TO away').run();
  const requests = [{ description: 'Answer with the word before the last.' }];
  const response = await server.send('/v1/adapters/batch', { requests });
  const [line] = linesOf(await response.text());
  expect(line).toMatchObject({
    status: 503,
    problem: { code: 'store_unavailable', retry_after: 5 },
  });
  await server.env.DB.prepare('ALTER TABLE away RENAME TO refusals').run();
});

test.each([
  [{}],
  [{ requests: [] }],
  [{ requests: 'Answer with the first word.' }],
  [{ requests: ['Answer with the first word.'] }],
  [{ requests: Array.from({ length: 65 }, () => ({ description: 'x' })) }],
])('no batch is %j', async (body) => {
  await expectProblem(await server.send('/v1/adapters/batch', body), 'batch_malformed');
});

test('the path takes nothing but POST', async () => {
  await expectProblem(await server.fetch('/v1/adapters/batch'), 'method_not_allowed');
});
