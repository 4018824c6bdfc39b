/** A crowd at one endpoint: the same request is worked on once, and too many are told when to come back. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startServer, type TestServer } from '../server.ts';

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
  // The first one loads what the others use.
  await (await server.send('/v1/adapters', { description: 'Count the words.' })).json();
});

afterAll(() => server.close());

test('twenty who ask for the same at once get it made once', async () => {
  const answers = await Promise.all(
    Array.from({ length: 20 }, () =>
      server.send('/v1/adapters', { description: 'Answer with the longest word.' }),
    ),
  );
  const ids = await Promise.all(
    answers.map(async (one) => ((await one.json()) as { id: string }).id),
  );
  expect(new Set(ids).size).toBe(1);
  expect(answers.map(({ status }) => status).sort()).toEqual([...Array(19).fill(200), 201]);
  const ran = answers.filter((one) => /\brun;dur=/.test(one.headers.get('server-timing') ?? ''));
  expect(ran).toHaveLength(1);
});

test('of a crowd with other wishes some are told to come back, and then they are served', async () => {
  const wishes = Array.from({ length: 60 }, (_, number) => `Repeat the word ${number + 2} times.`);
  const answers = await Promise.all(
    wishes.map((description) => server.send('/v1/adapters', { description })),
  );
  const refused = wishes.filter((_, place) => answers[place]?.status !== 201);
  for (const answer of answers) {
    const document = (await answer.json()) as { code?: string };
    if (answer.status !== 201) {
      expect(answer.status).toBe(503);
      expect(document.code).toBe('overloaded');
      expect(answer.headers.get('retry-after')).toBe('5');
    }
  }
  expect(refused.length).toBeGreaterThan(0);
  expect(refused.length).toBeLessThan(60);
  for (const description of refused) {
    const again = await server.send('/v1/adapters', { description });
    expect(again.status).toBe(201);
    await again.arrayBuffer();
  }
});
