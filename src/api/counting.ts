/**
 * Counting what the endpoint does: every answer, in the memory of the isolate, which it adds to D1 when a few
 * minutes are over, after an answer. An isolate that ends before has counted for nothing, so the counts of
 * D1 are a little too low; Analytics Engine, where METRICS is bound, gets a data point of every answer. Neither
 * gets an address, a description, an id or a token.
 */
import type { MiddlewareHandler } from 'hono';
import { routePath } from 'hono/route';
import { answerCount, BYTES_COUNT, problemCount, timeCount } from '../contract/counts.ts';
import { forLog, logLine } from '../contract/log.ts';
import type { Env } from '../env.ts';
import { dayOf } from '../store/quotas.ts';
import { type StatStore, statStore } from '../store/stats.ts';
import type { AppEnv } from './route.ts';

/** Counts are written when they are so old, */
const DUE_MS = 300_000;
/** or so old and an adapter was made, which takes writing anyway. */
const DUE_WITH_WRITES_MS = 60_000;
/** Steps of the header of timings that are no times. */
const NO_TIMES = new Set(['damaged']);

interface Pending {
  counts: Map<string, number>;
  /** When the first of them was counted: milliseconds since 1970. */
  since: number;
  wrote: boolean;
}

let pending: Pending | undefined;

/** Counts something once, or a number of times. */
export function count(what: string, times = 1): void {
  pending ??= { counts: new Map(), since: Date.now(), wrote: false };
  pending.counts.set(what, (pending.counts.get(what) ?? 0) + times);
}

/** Counts an adapter, whose making wrote to D1. */
export function countWritten(what: string): void {
  count(what);
  if (pending !== undefined) {
    pending.wrote = true;
  }
}

/** Writes what this isolate counted so far. What cannot be written is counted with what comes next. */
export async function writeCounts(store: Pick<StatStore, 'add'>): Promise<void> {
  const taken = pending;
  if (taken === undefined) {
    return;
  }
  pending = undefined;
  try {
    await store.add(dayOf(taken.since), taken.counts);
  } catch (error) {
    logLine('warn', 'counts not written', { error: forLog(error) });
    for (const [what, times] of taken.counts) {
      count(what, times);
    }
  }
}

/** What is known of an answer beside itself. */
interface Answered {
  readonly method: string;
  /** The path of its route, with the names of parameters in place of them. */
  readonly route: string;
  /** The code of the problem that it is. */
  readonly problem?: string | undefined;
  /** Milliseconds that it took. */
  readonly total: number;
}

/** Counts every answer of the routes, and the steps that it took. */
export const counting: MiddlewareHandler<AppEnv> = async (c, next) => {
  await next();
  let total = 0;
  for (const [step, milliseconds] of c.get('timings').entries()) {
    if (!NO_TIMES.has(step)) {
      count(timeCount(step, milliseconds));
    }
    total = step === 'total' ? milliseconds : total;
  }
  const answered = {
    method: c.req.method,
    route: routePath(c, -1),
    problem: c.get('problem'),
    total,
  };
  countAnswer(c.res, answered, c.env, (work) => c.executionCtx.waitUntil(work));
};

/**
 * Counts an answer, and writes what was counted if that is due.
 *
 * @param later does what the answer does not wait for
 */
export function countAnswer(
  { status, headers }: Response,
  { method, route, problem, total }: Answered,
  env: Pick<Env, 'DB' | 'METRICS'>,
  later: (work: Promise<void>) => void,
): void {
  const bytes = method === 'HEAD' ? 0 : Number(headers.get('content-length') ?? 0);
  count(answerCount(status));
  if (problem !== undefined) {
    count(problemCount(problem));
  }
  if (bytes > 0) {
    count(BYTES_COUNT, bytes);
  }
  // The route and what came of it, milliseconds in all and bytes.
  const named = `${method} ${route}`;
  env.METRICS?.writeDataPoint({
    indexes: [named],
    blobs: [named, String(status), problem ?? ''],
    doubles: [total, bytes],
  });
  const age = Date.now() - (pending?.since ?? Number.POSITIVE_INFINITY);
  if (age >= (pending?.wrote ? DUE_WITH_WRITES_MS : DUE_MS)) {
    later(writeCounts(statStore(env.DB)));
  }
}
