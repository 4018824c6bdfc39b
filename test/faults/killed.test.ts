/**
 * workerd is killed at any moment of what an endpoint does, and started again on what it left: every adapter
 * that was acknowledged is there, bit for bit; what is active makes adapters; and one sweep leaves no file
 * without a row.
 *
 * KILLS=200 kills it so many times; the moments are drawn by SEED.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { uniform } from '../../scripts/command.ts';
import { buildWorker, type Killable, startKillable } from './killable.ts';
import { expectKept, expectSwept, type Ledger, makeNoted } from './ledger.ts';
import { expectActive, workUntilKilled } from './workload.ts';

const KILLS = Number(process.env.KILLS ?? 20);
const SEED = Number(process.env.SEED ?? 1);
/** Work goes on for up to this long, after the first adapter of a life, before workerd is killed. */
const LIFE_MS = 900;
const KILL_TIMEOUT_MS = 60_000;

let folder: string;
let endpoint: Killable | undefined;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 't2l-killed-'));
  await buildWorker(join(folder, 'built'));
});

afterAll(async () => {
  await endpoint?.kill();
  await rm(folder, { recursive: true, force: true });
});

async function start(): Promise<Killable> {
  endpoint = await startKillable(join(folder, 'built'), join(folder, 'data'), inject('worker'));
  return endpoint;
}

test(
  `${KILLS} kills lose nothing that was acknowledged`,
  async () => {
    const draw = uniform(SEED);
    const ledger: Ledger = new Map();
    for (let kill = 0; kill < KILLS; kill++) {
      const life = await start();
      await expectKept(life.origin, ledger);
      await expectActive(life, ledger);
      await expectSwept(life.origin);
      // What this life loads is loaded.
      await makeNoted(life.origin, ledger, { description: 'Reverse the list.' });
      const work = workUntilKilled(life, ledger, draw);
      await sleep(draw() * LIFE_MS);
      await life.kill();
      await work;
    }
    const last = await start();
    await expectKept(last.origin, ledger);
    await expectActive(last, ledger);
    await expectSwept(last.origin);
    expect(ledger.size).toBeGreaterThan(1);
    console.log(`${KILLS} kills; ${ledger.size} adapters acknowledged and there`);
  },
  KILL_TIMEOUT_MS * Math.max(1, KILLS / 4),
);
