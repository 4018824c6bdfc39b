/** A canary that fails much more often than the active version is ended by itself, and the history says why. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { createClient, type T2lClient } from '../../src/sdk/index.ts';
import { type BuiltInBundle, type BundleName, miniBundle, uploadWithEncoder } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

let server: TestServer;
let builtIn: BuiltInBundle;
let broken: BundleName;
let client: T2lClient;

beforeAll(async () => {
  server = await startServer();
  client = createClient({ endpoint: server.origin, token: ADMIN_TOKEN });
  builtIn = await miniBundle();
  broken = await uploadWithEncoder(server.env, '8.1.0', neverInRange);
  await client.register(broken);
});

afterAll(async () => {
  await server.close();
});

/** A network trained on far smaller updates than it gives. */
function neverInRange(manifest: Record<string, unknown>): void {
  const smaller = (values: readonly number[]) => values.map((one) => one / 1000);
  manifest.norms = Object.fromEntries(
    Object.entries(builtIn.manifest.norms ?? {}).map(([name, { mean, deviation }]) => [
      name,
      { mean: smaller(mean), deviation: smaller(deviation) },
    ]),
  );
}

/** Asks for adapters until so many were refused for their weights; gives how many were made meanwhile. */
async function failTimes(wanted: number, words: string): Promise<number> {
  let [failed, made] = [0, 0];
  for (let at = 0; failed < wanted; at++) {
    const description = `${words} ${at}.`;
    const answer = await server.send('/v1/adapters', { description, hypernet: builtIn.name });
    if (answer.status === 422) {
      expect(await answer.json()).toMatchObject({ code: 'adapter_out_of_range' });
      failed++;
    } else {
      expect(answer.status).toBe(201);
      made++;
    }
  }
  return made;
}

test('it goes on while failures are few, and its document counts them', async () => {
  await client.startCanary(builtIn.name, { digest: broken.digest, percent: 50 });
  const made = await failTimes(4, 'Keep word number');
  await vi.waitFor(async () => {
    const { canary } = await client.hypernet(builtIn.name);
    expect(canary).toEqual({
      digest: broken.digest,
      percent: 50,
      outcomes: { made: 0, failed: 4 },
      active_outcomes: { made, failed: 0 },
    });
  });
});

test('with one failure more it is ended, and the active version answers for everything', async () => {
  await failTimes(1, 'Drop word number');
  await vi.waitFor(async () => {
    const { active, canary, activations } = await client.hypernet(builtIn.name);
    expect({ active, canary }).toEqual({ active: builtIn.digest, canary: null });
    expect(activations[0]).toMatchObject({
      percent: 0,
      to: broken.digest,
      reason: expect.stringMatching(/^Ended by itself: 5 of 5 adapters failed, of the active/),
    });
  });
  for (let at = 0; at < 6; at++) {
    const description = `Keep word number ${at}.`;
    const { hypernet } = await client.generate({ description, hypernet: builtIn.name });
    expect(hypernet.digest).toBe(builtIn.digest);
  }
});

test('the next canary is counted anew', async () => {
  await client.startCanary(builtIn.name, { digest: broken.digest, percent: 50 });
  const { canary } = await client.hypernet(builtIn.name);
  expect(canary).toMatchObject({
    outcomes: { made: 0, failed: 0 },
    active_outcomes: { made: 0, failed: 0 },
  });
});

test('vectors, named versions and the same words again tell nothing of it', async () => {
  const before = await client.hypernet(builtIn.name);
  const embedding = new Array(builtIn.manifest.encoder.dim).fill(3e38);
  for (const hypernet of [broken.digest, builtIn.digest, `${builtIn.name}@8.1.0`]) {
    for (let time = 0; time < 6; time++) {
      const answer = await server.send('/v1/adapters', { embedding, hypernet });
      expect([answer.status, await answer.json()]).toMatchObject([
        422,
        { code: 'adapter_out_of_range' },
      ]);
    }
  }
  const description = await failing();
  for (let time = 0; time < 6; time++) {
    const again = await server.send('/v1/adapters', { description, hypernet: builtIn.name });
    expect(again.status).toBe(422);
  }
  const { canary } = await client.hypernet(builtIn.name);
  expect(before.canary?.outcomes).toEqual({ made: 0, failed: 0 });
  expect(canary?.outcomes).toEqual({ made: 0, failed: 1 });
  expect(canary?.active_outcomes.failed).toBe(0);
});

/** A description that the canary answers for. */
async function failing(): Promise<string> {
  for (let at = 0; ; at++) {
    const description = `Repeat word number ${at}.`;
    const answer = await server.send('/v1/adapters', { description, hypernet: builtIn.name });
    await answer.body?.cancel();
    if (answer.status === 422) {
      return description;
    }
  }
}
