/**
 * How much one client may have made, and how often it may search. Making an adapter takes seconds of CPU,
 * writing it in another layout a tenth of that, and a search reads rows that the operator pays for, so all are
 * bounded unless the operator says otherwise; what is known already is never counted, and neither is what an
 * administrator asks for.
 *
 *   a minute   by token, or by address: the platform's rate limits, in one place of its network
 *   a day      by token; or by address, and all who send no token together: rows of D1, exact
 *
 * An address is counted as
 *
 *   IPv4   itself
 *   IPv6   its network of 64 bits: that is the least a client gets (RFC 6177), and it may take any address
 *          of it
 */
import { sha256Hex } from '../contract/adapter-id.ts';
import { T2lError } from '../contract/errors.ts';
import { allows } from '../contract/scopes.ts';
import type { Env } from '../env.ts';
import { dayOf, FROM, type QuotaStore, secondsLeft } from '../store/quotas.ts';
import { ANONYMOUS } from '../store/uses.ts';
import type { Caller } from './caller.ts';

/** The period that the bindings of wrangler.toml count over. */
const PERIOD_SECONDS = 60;
/** Adapters a day where nothing is configured: a small team's, and few enough to pay for. */
const DAILY = { anonymous: 2000, address: 200, token: 10_000 };

/** What admission counts with. */
export interface AdmissionEffects {
  readonly env: Env;
  readonly quotas: QuotaStore;
  /** Of the client, as Cloudflare knows it; unknown ones share one count. */
  readonly address: string | undefined;
  caller(): Promise<Caller>;
  /** Milliseconds since 1970. */
  now(): number;
}

/** Whose requests are counted together; undefined for those that have no limit. */
export async function clientOf({
  env,
  address,
  caller,
}: AdmissionEffects): Promise<string | undefined> {
  const { token, scopes } = await caller();
  return env.LIMITS === 'off' || allows(scopes, 'admin')
    ? undefined
    : (token?.id ?? networkOf(address ?? ''));
}

/**
 * Lets a request make an adapter.
 *
 * @returns gives back what was counted for the day; undefined if nothing was
 * @throws T2lError `rate_limited` or `quota_exhausted`
 */
export async function admitGeneration(
  effects: AdmissionEffects,
): Promise<(() => Promise<void>) | undefined> {
  const { env, quotas, address, now } = effects;
  const { token, scopes } = await effects.caller();
  if (env.LIMITS === 'off' || allows(scopes, 'admin')) {
    return undefined;
  }
  const whose = token === undefined ? 'this address' : `the token ${token.id}`;
  const limiter = token === undefined ? env.GENERATIONS : env.TOKEN_GENERATIONS;
  await requireRate(
    limiter,
    token?.id ?? networkOf(address ?? ''),
    `adapters were made for ${whose}`,
  );
  const at = now();
  const counted: string[] = [];
  async function giveBack(): Promise<void> {
    await Promise.all(counted.map((who) => quotas.giveBack(who, at)));
  }
  async function count(who: string, named: string, limit: number): Promise<void> {
    if (!(await quotas.take(who, limit, at))) {
      await giveBack();
      throw refusal(
        'quota_exhausted',
        `The ${limit} adapters that ${named} may have made in a day are made; the next day begins in`,
        secondsLeft(at),
      );
    }
    counted.push(who);
  }
  if (token !== undefined) {
    const limit = token.dailyAdapters ?? dailyOf(env.DAILY_TOKEN, DAILY.token);
    await count(token.id, whose, limit);
    return giveBack;
  }
  // First its own part, so that one address cannot use up what is for all.
  const from = await hashedNetwork(address ?? '', at);
  await count(from, whose, dailyOf(env.DAILY_ADDRESS, DAILY.address));
  await count(ANONYMOUS, 'all who send no token', dailyOf(env.DAILY_ANONYMOUS, DAILY.anonymous));
  return giveBack;
}

/** What an address is counted by in D1, which is to have none: a hash that another day does not share. */
async function hashedNetwork(address: string, at: number): Promise<string> {
  const text = new TextEncoder().encode(`${dayOf(at)} ${networkOf(address)}`);
  return `${FROM}${(await sha256Hex(text)).slice(0, HASH_DIGITS)}`;
}

/**
 * Lets a request search.
 *
 * @throws T2lError `rate_limited`
 */
export function admitSearch(effects: AdmissionEffects): Promise<void> {
  return admitMinute(effects, effects.env.SEARCHES, 'searches came from');
}

/**
 * Lets a request have a layout written that is not stored: it takes the reading and computing of all weights.
 *
 * @throws T2lError `rate_limited`
 */
export function admitLayout(effects: AdmissionEffects): Promise<void> {
  return admitMinute(effects, effects.env.CONVERSIONS, 'layouts were written for');
}

/** @param what what is limited, as the refusal says it */
async function admitMinute(
  { env, address, caller }: AdmissionEffects,
  limiter: RateLimit | undefined,
  what: string,
): Promise<void> {
  const { token, scopes } = await caller();
  if (env.LIMITS === 'off' || allows(scopes, 'admin')) {
    return;
  }
  const whose = token === undefined ? 'this address' : `the token ${token.id}`;
  await requireRate(limiter, token?.id ?? networkOf(address ?? ''), `${what} ${whose}`);
}

async function requireRate(
  limiter: RateLimit | undefined,
  key: string,
  what: string,
): Promise<void> {
  if (limiter !== undefined && !(await limiter.limit({ key })).success) {
    throw refusal('rate_limited', `Too many ${what}; retry in`, PERIOD_SECONDS);
  }
}

/** A refusal that says when it ends, in a sentence and for programs. */
function refusal(code: 'rate_limited' | 'quota_exhausted', why: string, seconds: number): T2lError {
  return new T2lError(code, `${why} ${seconds} seconds.`, {
    extra: { headers: { 'retry-after': String(seconds) } },
  });
}

/** What is configured for a day; what is no number lets nothing through, so that it is noticed. */
function dailyOf(configured: string | undefined, otherwise: number): number {
  const text = configured?.trim();
  return text === undefined || text === '' ? otherwise : /^\d+$/.test(text) ? Number(text) : 0;
}

const HASH_DIGITS = 16;
const GROUPS = 8; // of an IPv6 address, of 16 bits each
const NETWORK_GROUPS = 4;
/** How an IPv6 address begins that stands for one of IPv4 (RFC 4291, 2.5.5.2). */
const MAPPED = '0:0:0:0:0:ffff';

/** What is counted together with an address. */
export function networkOf(address: string): string {
  const url = `http://[${address}]`;
  if (!address.includes(':') || !URL.canParse(url)) {
    return address;
  }
  // As URLs have it, an address has lower-case groups without leading zeros, and one "::" at most.
  const [head = '', tail = ''] = new URL(url).hostname.slice(1, -1).split('::');
  const [before, after] = [groupsOf(head), groupsOf(tail)];
  const zeros = new Array<string>(GROUPS - before.length - after.length).fill('0');
  const groups = [...before, ...zeros, ...after];
  return groups.join(':').startsWith(`${MAPPED}:`)
    ? groups.join(':')
    : `${groups.slice(0, NETWORK_GROUPS).join(':')}::/64`;
}

function groupsOf(text: string): string[] {
  return text === '' ? [] : text.split(':');
}
