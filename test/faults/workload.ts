/**
 * What is done at an endpoint until it is killed: adapters are made, found, read in another layout and removed,
 * and meanwhile a bundle is uploaded, registered, tried as a canary, activated and left again, files are
 * evicted and orphans swept. Which comes next is drawn.
 */
import { expect } from 'vitest';
import { type BundleName, miniBundle, uploadVariant } from '../bundles.ts';
import type { Killable } from './killable.ts';
import { type Ledger, makeNoted, removeNoted, send } from './ledger.ts';

const NAME = 't2l-mini';
const KINDS = 40;

/** Draws a number from 0 to 1. */
export type Draw = () => number;

/** Works until a call gets no answer, which is how the endpoint's end shows. */
export async function workUntilKilled(
  endpoint: Killable,
  ledger: Ledger,
  draw: Draw,
): Promise<void> {
  await Promise.all([
    untilUnanswered(() => workOnAdapters(endpoint, ledger, draw)),
    untilUnanswered(() => workOnAdapters(endpoint, ledger, draw)),
    untilUnanswered(() => keepHouse(endpoint, draw)),
    untilUnanswered(() => release(endpoint, draw)),
  ]);
}

async function untilUnanswered(work: () => Promise<void>): Promise<void> {
  try {
    for (;;) {
      await work();
    }
  } catch (error) {
    // What fetch, and the proxies of the bindings, say of a connection that is gone.
    if (
      !(error instanceof TypeError) &&
      !/fetch failed|disposed|poisoned|ECONN/i.test(String(error))
    ) {
      throw error;
    }
  }
}

async function workOnAdapters({ origin }: Killable, ledger: Ledger, draw: Draw): Promise<void> {
  const description = `Repeat the word ${Math.floor(draw() * KINDS)} times.`;
  await makeNoted(origin, ledger, { description });
  const [some] = [...ledger.keys()].slice(Math.floor(draw() * ledger.size));
  const what = draw();
  if (some !== undefined && what < 0.3) {
    expect([204, 404]).toContain(await removeNoted(origin, ledger, some));
  } else if (some !== undefined && what < 0.6) {
    await send(origin, 'GET', `/v1/adapters/${some}/adapters.safetensors?layout=mlx`);
  }
}

async function keepHouse({ origin }: Killable, draw: Draw): Promise<void> {
  await send(origin, 'POST', '/v1/audit?cursor=orphans');
  const variables = { STORED_BYTES: String(Math.floor(draw() * 500_000)) };
  const { json } = await send(origin, 'POST', '/faults/scheduled', variables);
  expect(json).toEqual({ outcome: 'ok' });
}

/** A release as `npm run release` makes it, from its beginning: what is there already is left alone. */
async function release({ origin, env }: Killable, draw: Draw): Promise<void> {
  const bundle = await uploadVariant(
    env,
    `99.0.${Math.floor(draw() * 3)}`,
    undefined,
    miniBundle(),
  );
  const registered = await send(origin, 'POST', '/v1/hypernets', bundle);
  expect([200, 201]).toContain(registered.status);
  const { digest } = bundle;
  const path = `/v1/hypernets/${NAME}`;
  // It may be active from the last time.
  const canary = await send(origin, 'PUT', `${path}/canary`, { digest, percent: 50 });
  expect([200, 409]).toContain(canary.status);
  const active = await send(origin, 'PUT', `${path}/active`, { digest });
  expect(active.status).toBe(200);
  const back = await send(origin, 'PUT', `${path}/active`, { rollback: true, expected: digest });
  expect([200, 409]).toContain(back.status);
}

/** Checks that what is active is whole and makes adapters, and so is every version that is registered. */
export async function expectActive({ origin }: Killable, ledger: Ledger): Promise<void> {
  const { manifest } = await miniBundle();
  const embedding = Array.from({ length: manifest.encoder.dim }, (_, at) => Math.cos(at) / 14);
  await makeNoted(origin, ledger, { embedding, hypernet: NAME });
  const { json } = await send(origin, 'GET', `/v1/hypernets/${NAME}`);
  const { versions } = json as { versions: (BundleName & { origin: string })[] };
  for (const { digest } of versions.filter((version) => version.origin === 'registered')) {
    const before = (BigInt(`0x${digest}`) - 1n).toString(16).padStart(64, '0');
    const audit = await send(origin, 'POST', `/v1/audit?cursor=bundles.${before}`);
    expect(audit.json).toMatchObject({ bundles: 1, failed: [] });
  }
}
