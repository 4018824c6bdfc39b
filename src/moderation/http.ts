/**
 * Moderation by a service over HTTP, in one of two dialects:
 *
 *   t2l     POST MODERATION_URL                 {"description": "..."}  ->  {"allowed": true}
 *                                                                  or {"allowed": false, "reason": "..."}
 *   openai  POST MODERATION_URL/v1/moderations  {"input": "..."}   ->  {"results": [{"flagged": false}]}
 *
 * Anything else, another status or no answer in time is no decision. What the service answers is not
 * logged: it may repeat what it was asked.
 */

import * as z from 'zod';
import { logLine } from '../contract/log.ts';
import { ask, isHttpAddress, jsonIn } from '../remote/ask.ts';
import {
  type Decision,
  MODERATION_TIMEOUT_MS,
  type Moderator,
  misconfigured,
  unavailable,
} from './moderator.ts';

/** Where the service is and how to talk to it, as the settings say: text that nothing has checked. */
export interface HttpModeration {
  readonly url: string | undefined;
  /** `t2l` unless said otherwise. */
  readonly dialect?: string | undefined;
  readonly token?: string | undefined;
  /** Told to services of the dialect `openai`. */
  readonly model?: string | undefined;
  readonly timeoutMs?: number | undefined;
}

interface Dialect {
  readonly path: string;
  body(description: string, model: string | undefined): object;
  readonly answer: z.ZodType<Decision>;
}

const DIALECTS: Readonly<Record<string, Dialect>> = {
  t2l: {
    path: '',
    body: (description) => ({ description }),
    answer: z
      .object({ allowed: z.boolean(), reason: z.string().nullish() })
      .transform(({ allowed, reason }) => ({ allowed, reason: reason ?? undefined })),
  },
  openai: {
    path: '/v1/moderations',
    body: (input, model) => ({ input, ...(model && { model }) }),
    // One text was sent, so one result comes.
    answer: z
      .object({
        results: z.tuple([
          z.object({
            flagged: z.boolean(),
            categories: z.record(z.string(), z.boolean().nullable()).optional(),
          }),
        ]),
      })
      .transform(({ results: [{ flagged, categories = {} }] }) => {
        const held = Object.keys(categories).filter((name) => categories[name]);
        return { allowed: !flagged, reason: held.join(', ') || undefined };
      }),
  },
};

/**
 * A moderator that asks a service.
 *
 * @throws T2lError `moderation_misconfigured`
 */
export function createHttpModerator(options: HttpModeration): Moderator {
  const { url, dialect: name = 't2l', token, model, timeoutMs = MODERATION_TIMEOUT_MS } = options;
  const dialect = Object.hasOwn(DIALECTS, name) ? DIALECTS[name] : undefined;
  if (url === undefined || !isHttpAddress(url) || dialect === undefined) {
    throw misconfigured(
      'MODERATION_URL must be the http(s) address of a moderation service and MODERATION_DIALECT one of ' +
        `${Object.keys(DIALECTS).join(', ')}, or be left out.`,
    );
  }
  const address = dialect.path === '' ? url : `${url.replace(/\/+$/, '')}${dialect.path}`;
  return async (description) => {
    const body = dialect.body(description, model);
    const reply = await ask({ url: address, body, token, timeoutMs });
    switch (reply.kind) {
      case 'late':
        throw unavailable(`did not answer within ${timeoutMs} ms`);
      case 'unreachable':
        throw noted(address, 'could not be reached', 'cannot be reached');
      case 'redirect':
        throw noted(
          address,
          `answered ${reply.status}; MODERATION_URL must be the address that answers itself`,
          `answered with a redirect (${reply.status}), which is not followed`,
        );
      case 'answer': {
        const { status } = reply;
        const found = dialect.answer.safeParse(jsonIn(reply.body));
        if (status < 200 || status > 299 || !found.success) {
          const what = status > 299 || status < 200 ? '' : ' with something other than a decision';
          throw noted(address, `answered ${status}${what}`, 'gave no usable answer');
        }
        return found.data;
      }
    }
  };
}

/** The error for whoever asked, after a line for the operator. */
function noted(address: string, logged: string, said: string): Error {
  logLine('error', 'moderation failed', { host: new URL(address).host, error: logged });
  return unavailable(said);
}
