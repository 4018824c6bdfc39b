/** What moderation is: asked for a description, somebody says whether an adapter may be made of it. */
import { T2lError } from '../contract/errors.ts';

/** What was said of a description. */
export interface Decision {
  readonly allowed: boolean;
  /** Why not, in words for whoever asked. */
  readonly reason?: string | undefined;
}

/** Asks about one description. It throws `moderation_unavailable` rather than guess. */
export type Moderator = (description: string) => Promise<Decision>;

/** One sentence takes a second; a service that needs longer is down or overloaded. */
export const MODERATION_TIMEOUT_MS = 10_000;

const RETRY_AFTER_SECONDS = 5;

/** No decision: nothing is made, and whoever asked is to come back. */
export function unavailable(why: string): T2lError {
  return new T2lError(
    'moderation_unavailable',
    `The moderation of this endpoint ${why}, and nothing new is made without it; ` +
      `retry in ${RETRY_AFTER_SECONDS} seconds.`,
    { extra: { headers: { 'retry-after': String(RETRY_AFTER_SECONDS) } } },
  );
}

/** A setting that the operator has to put right. */
export function misconfigured(what: string): T2lError {
  return new T2lError('moderation_misconfigured', what);
}
