/**
 * Whether a version of the Worker is well: it is asked for its health, several times, by the header that
 * picks a version for a request. Cloudflare drops that header until a new deployment is known everywhere,
 * a few seconds, so the first question waits.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const SETTLE_MS = 15_000;
/** More than one: a version that fails now and then is not well. */
const QUESTIONS = 10;
const PAUSE_MS = 1000;
const ANSWER_WITHIN_MS = 30_000;

/** Which version to ask, and where. */
export interface SmokeOptions {
  readonly endpoint: string;
  /** The Worker's name at Cloudflare. */
  readonly worker: string;
  readonly version: string;
  /** Waits; replaced by tests. */
  readonly wait?: (milliseconds: number) => Promise<unknown>;
}

/** What is wrong with the version; undefined if it is well. */
export async function ailmentOf({
  endpoint,
  worker,
  version,
  wait = sleep,
}: SmokeOptions): Promise<string | undefined> {
  const address = new URL('healthz', endpoint.endsWith('/') ? endpoint : `${endpoint}/`);
  await wait(SETTLE_MS);
  for (let question = 0; question < QUESTIONS; question++) {
    await wait(PAUSE_MS);
    const answer = await fetch(address, {
      headers: { 'Cloudflare-Workers-Version-Overrides': `${worker}="${version}"` },
      redirect: 'error',
      signal: AbortSignal.timeout(ANSWER_WITHIN_MS),
    });
    const text = await answer.text();
    if (answer.status !== 200 || !isWell(text)) {
      return `${address} answered ${answer.status}: ${text.slice(0, 200)}`;
    }
  }
  return undefined;
}

function isWell(text: string): boolean {
  try {
    return (JSON.parse(text) as { status?: unknown }).status === 'ok';
  } catch {
    return false;
  }
}
