/** Adapters that are not expected to work: made, unless the request or the operator wants none of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { expectProblem } from './problem.ts';

const DESCRIPTION = 'Reverse the order of the words.';
/** At which nothing of t2l-mini works. */
const UNFIT = { description: DESCRIPTION, strength: -1 };

async function stored({ env }: TestServer): Promise<[rows: number | null, objects: number]> {
  const rows = await env.DB.prepare('SELECT count(*) AS n FROM adapters').first<number>('n');
  return [rows, (await env.ADAPTERS.list({ prefix: 'adapters/' })).objects.length];
}

describe('an endpoint as it comes', () => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer();
  });

  afterAll(() => server.close());

  test('refuses what the request wants none of, and says why, before anything is stored', async () => {
    const answer = await server.send('/v1/adapters', { ...UNFIT, allow_unfit: false });
    expect(await answer.clone().json()).toMatchObject({
      fit: { verdict: 'unfit', score: 0, reason: { code: 'strength' }, nearest: [{}, {}, {}] },
      detail: expect.stringMatching(/^The fit is unfit \(score 0\).*allow_unfit true/),
    });
    await expectProblem(answer, 'adapter_unfit');
    const link = `/v1/adapters/by-description?strength=-1&d=${encodeURIComponent(DESCRIPTION)}`;
    await expectProblem(await server.fetch(`${link}&allow_unfit=false`), 'adapter_unfit');
    expect(await stored(server)).toEqual([0, 0]);
  });

  test('makes it for everybody else, under the id that it has', async () => {
    const made = await server.send('/v1/adapters', UNFIT);
    expect(made.status).toBe(201);
    const document = (await made.json()) as { id: string; fit: object };
    expect(document.fit).toMatchObject({ verdict: 'unfit' });
    const allowed = await server.send('/v1/adapters', { ...UNFIT, allow_unfit: true });
    expect([allowed.status, await allowed.json()]).toEqual([200, { ...document, cached: true }]);
    const known = await server.send('/v1/adapters', { ...UNFIT, allow_unfit: false });
    await expectProblem(known, 'adapter_unfit');
  });

  test('makes what is fit for the picky as well, alone or in a batch', async () => {
    const fit = { description: DESCRIPTION, allow_unfit: false };
    const requests = [fit, { ...UNFIT, allow_unfit: false }, { ...fit, allow_unfit: 'no' }];
    const batch = await server.send('/v1/adapters/batch', { requests });
    const lines = (await batch.text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(lines.map(({ status, problem }) => [status, problem?.code])).toEqual([
      [201, undefined],
      [422, 'adapter_unfit'],
      [400, 'flag_malformed'],
    ]);
  });
});

describe.each(['refuse', 'maek'])('an endpoint with UNFIT = "%s"', (UNFIT_SETTING) => {
  let server: TestServer;

  beforeAll(async () => {
    server = await startServer({ ADMIN_TOKEN, UNFIT: UNFIT_SETTING });
  });

  afterAll(() => server.close());

  test('makes nothing unfit unless it is told to', async () => {
    await expectProblem(await server.send('/v1/adapters', UNFIT), 'adapter_unfit');
    expect(await stored(server)).toEqual([0, 0]);
    const told = await server.send('/v1/adapters', { ...UNFIT, allow_unfit: true });
    expect(told.status).toBe(201);
    // Reading is not asking for it.
    const { id } = (await told.json()) as { id: string };
    expect((await server.fetch(`/v1/adapters/${id}`)).status).toBe(200);
    await expectProblem(await server.send('/v1/adapters', UNFIT), 'adapter_unfit');
    const fit = await server.send('/v1/adapters', { description: DESCRIPTION });
    expect(fit.status).toBe(201);
  });
});

test('an endpoint that says make makes', async () => {
  const server = await startServer({ ADMIN_TOKEN, UNFIT: 'make' });
  expect((await server.send('/v1/adapters', UNFIT)).status).toBe(201);
  await server.close();
});
