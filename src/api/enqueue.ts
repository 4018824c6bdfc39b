/**
 * Adapters that are made later: `POST /v1/adapters/batch?later=true` puts its requests into the queue, says
 * their ids, and waits for nothing. What may refuse a request is asked now; the queue's consumer (queue.ts)
 * makes what was admitted, by the very version that was meant now.
 */
import type { Context } from 'hono';
import type * as z from 'zod';
import type { batchLineSchema } from '../contract/documents/batch.ts';
import { T2lError } from '../contract/errors.ts';
import { parse } from '../contract/parse.ts';
import { createAdapterSchema } from '../contract/requests/create-adapter.ts';
import type { Queued } from '../contract/requests/queued.ts';
import type { Env } from '../env.ts';
import { admittedForLater } from '../pipeline/generate.ts';
import { unavailable } from '../store/steady.ts';
import { countOutcome, outcomeDocument, wishedOf } from './answer-adapter.ts';
import type { AppEnv } from './route.ts';

/**
 * The line of a request of a batch that is made later: 202 with its id, or the adapter if there is one.
 *
 * @param queued ids of what the batch has put into the queue; the same once more is counted, moderated and made once
 */
export async function enqueue(
  c: Context<AppEnv>,
  index: number,
  request: object,
  queued: Set<string>,
): Promise<z.input<typeof batchLineSchema>> {
  const services = c.get('services');
  const body = parse(createAdapterSchema, request);
  const { id, plan, known } = await admittedForLater(wishedOf(body, c.env), services, queued);
  if (known !== undefined) {
    countOutcome(known);
    return { index, status: 200, adapter: await outcomeDocument(c, known) };
  }
  if (queued.has(id)) {
    return { index, status: 202, id };
  }
  const { embedding, ...rest } = body;
  const message: Queued = {
    request: {
      ...rest,
      ...(embedding !== undefined && { embedding: [...embedding] }),
      hypernet: plan.version.digest,
    },
    made_by: await services.madeBy(),
  };
  // As a structured clone: JSON has no -0, and a vector with it is another one.
  await queueOf(c.env)
    .send(message, { contentType: 'v8' })
    .catch((error: unknown) => {
      throw unavailable(error);
    });
  queued.add(id);
  return { index, status: 202, id };
}

/**
 * The queue of the endpoint.
 *
 * @throws T2lError `queue_unavailable` if it has none
 */
export function queueOf({ QUEUE: queue }: Pick<Env, 'QUEUE'>): Queue {
  if (queue === undefined) {
    throw new T2lError(
      'queue_unavailable',
      'This endpoint has no queue: leave later out, and adapters are made as the answer is read.',
    );
  }
  return queue;
}
