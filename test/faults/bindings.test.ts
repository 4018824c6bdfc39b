/**
 * D1, R2 and the assets fail at every step of every operation: before it happens or after it, or in the middle
 * of what is read; once, or until somebody mends them. Whatever failed, the answer is one that the description
 * of the API has; what was acknowledged is there with its sha256; asked for again, the operation succeeds;
 * what is active makes adapters; and one sweep leaves nothing of what was not finished.
 *
 * That is some 1,200 faults; every third of them takes a minute and a half. FAULTS=all injects all.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Documented, documentedBy } from '../api/documented.ts';
import { type FaultPlan, MOMENTS } from './bindings.ts';
import type { Answer } from './endpoint.ts';
import { KEEPING } from './keeping.ts';
import { MAKING } from './making.ts';
import type { Operation } from './operation.ts';
import { RELEASING } from './releasing.ts';
import { createWorld, type World } from './world.ts';

const OPERATIONS = [...MAKING, ...RELEASING, ...KEEPING];
const LEAST_FAULTS = 300;
/** One in so many is injected, another one at each step. */
const ONE_IN = process.env.FAULTS === 'all' ? 1 : 3;

let world: World;
let documented: Documented;
let injected = 0;

beforeAll(async () => {
  world = await createWorld();
  documented = documentedBy((await world.endpoint.call('GET', '/openapi.json')).json);
  // What the first request loads is loaded.
  await world.make();
  await world.expectWhole();
});

afterAll(async () => {
  await world?.endpoint.close();
  console.log(`${injected} injected faults`);
});

test.each(OPERATIONS.map((operation) => [operation.name, operation] as const))(
  '%s',
  async (_name, operation) => {
    const steps = await stepsOf(operation);
    const before = injected;
    const wrong: string[] = [];
    for (const plan of plansFor(steps)) {
      await withFault(operation, plan).catch((error: unknown) => {
        wrong.push(`${steps[plan.step - 1]}, ${JSON.stringify(plan)}: ${error}`);
      });
    }
    console.log(`${operation.name}: ${injected - before} faults at ${steps.length} steps`);
    expect(wrong).toEqual([]);
  },
);

test(`these are ${LEAST_FAULTS} faults and more`, () => {
  expect(injected).toBeGreaterThanOrEqual(LEAST_FAULTS);
});

/** The steps of an operation that nothing fails in. */
async function stepsOf(operation: Operation): Promise<readonly string[]> {
  const { endpoint } = world;
  const attempt = await operation.begin(world);
  await endpoint.plan(null);
  const answer = await attempt.run();
  const { steps } = await endpoint.plan(null);
  expect(operation.succeeds).toContain(answer.status);
  await attempt.holds?.(answer);
  await world.expectWhole();
  await world.clean();
  return steps;
}

function plansFor(steps: readonly string[]): FaultPlan[] {
  return steps.flatMap((step, at) =>
    MOMENTS.filter((moment) => moment !== 'midway' || /get|fetch/.test(step))
      .flatMap((moment) => [false, true].map((lasting) => ({ step: at + 1, moment, lasting })))
      .filter((_plan, place) => (place + at) % ONE_IN === 0),
  );
}

async function withFault(operation: Operation, plan: FaultPlan): Promise<void> {
  const { endpoint } = world;
  const attempt = await operation.begin(world);
  await endpoint.plan(plan);
  let answer = await attempt.run();
  const { failed } = await endpoint.plan(null);
  injected += Number(failed > 0);
  if (!operation.succeeds.includes(answer.status)) {
    expectDocumented(operation, answer);
    answer = await attempt.run();
    expect([...operation.succeeds, ...(operation.done ?? [])]).toContain(answer.status);
  }
  await attempt.holds?.(answer);
  await world.expectWhole();
  await world.clean();
}

/** A failure is one that the description has, and says when to come back. */
function expectDocumented(
  { call, says = 'store_unavailable' }: Operation,
  { status, json, headers }: Answer,
): void {
  if (call !== undefined) {
    expect(json).toMatchObject({ code: says, status: 503 });
    expect(headers.get('retry-after')).toBe(says === 'unhealthy' ? null : '5');
    documented.expectProblem(...call, status, json);
  }
}
