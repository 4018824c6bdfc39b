/**
 * The consumer of the queue: makes the adapters that `POST /v1/adapters/batch?later=true` promised. A queue
 * delivers at least once and in any order, which does no harm: what is made already is found. What fails for
 * a reason that passes is delivered again a little later; what never will be made is said in the log and
 * forgotten.
 */
import { T2lError } from '../contract/errors.ts';
import { forLog, logLine } from '../contract/log.ts';
import { parse } from '../contract/parse.ts';
import { queuedSchema } from '../contract/requests/queued.ts';
import type { Env } from '../env.ts';
import { generateAdapter } from '../pipeline/generate.ts';
import { statStore } from '../store/stats.ts';
import { countOutcome, wishedOf } from './answer-adapter.ts';
import { writeCounts } from './counting.ts';
import { type Defer, servicesOfQueue } from './services.ts';

/** What passes: stores that are away, services that are, and too much at once. */
const PASSING = new Set([429, 500, 502, 503, 504]);
const AGAIN_AFTER_SECONDS = 30;

/** Makes the adapters of some messages, one after the other: the next isolate has others. */
export async function makeQueued(
  { messages }: MessageBatch<unknown>,
  env: Env,
  defer: Defer,
): Promise<void> {
  for (const message of messages) {
    try {
      const { request, made_by: madeBy } = parse(queuedSchema, message.body);
      countOutcome(
        await generateAdapter(wishedOf(request, env), servicesOfQueue(env, madeBy, defer)),
      );
      message.ack();
    } catch (error) {
      const passes = !(error instanceof T2lError) || PASSING.has(error.status);
      logLine('warn', passes ? 'queued again' : 'queue refused', {
        message: message.id,
        error: forLog(error),
      });
      if (passes) {
        message.retry({ delaySeconds: AGAIN_AFTER_SECONDS });
      } else {
        message.ack();
      }
    }
  }
  // An isolate that only makes what is queued answers nothing, after which counts would be written.
  defer(writeCounts(statStore(env.DB)));
}
