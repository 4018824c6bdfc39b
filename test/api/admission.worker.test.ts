import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import {
  type AdmissionEffects,
  admitGeneration,
  admitLayout,
  admitSearch,
  networkOf,
} from '../../src/api/admission.ts';
import { quotaStore, secondsLeft } from '../../src/store/quotas.ts';
import { aToken } from './a-token.ts';

/** 18:00 UTC. */
const AT = Date.UTC(2026, 7, 3, 18);
const DAY_MS = 86_400_000;

function effects(
  address: string | undefined,
  options: Partial<AdmissionEffects> & { vars?: object } = {},
): AdmissionEffects {
  const { vars, ...rest } = options;
  return {
    env: { ...env, ...vars },
    quotas: quotaStore(env.DB),
    address,
    caller: async () => ({ scopes: [], fault: 'missing' }),
    now: () => AT,
    ...rest,
  };
}

/** Nothing but the daily count. */
const FREE = { GENERATIONS: undefined, TOKEN_GENERATIONS: undefined };

test('an address is let through as often as the binding allows, and others are not held up by it', async () => {
  for (let made = 0; made < 2; made++) {
    await admitGeneration(effects('192.0.2.1'));
  }
  await expect(admitGeneration(effects('192.0.2.1'))).rejects.toMatchObject({
    code: 'rate_limited',
    status: 429,
    detail: expect.stringContaining('this address'),
    extra: { headers: { 'retry-after': '60' } },
  });
  await admitGeneration(effects('192.0.2.2'));
});

test('the addresses of one IPv6 network are one client, those of another are another', async () => {
  for (let host = 1; host <= 2; host++) {
    await admitGeneration(effects(`2001:db8:0:1::${host}`));
  }
  for (let host = 3; host <= 20; host++) {
    await expect(admitGeneration(effects(`2001:db8:0:1::${host}`))).rejects.toMatchObject({
      code: 'rate_limited',
    });
  }
  await admitGeneration(effects('2001:db8:0:2::1'));
});

test('a token has a limit of its own, wherever it is used', async () => {
  const caller = async () => ({ scopes: ['generate'] as const, token: aToken({ id: 'busy' }) });
  for (let made = 0; made < 3; made++) {
    await admitGeneration(effects(`198.51.100.${made}`, { caller }));
  }
  await expect(admitGeneration(effects('198.51.100.9', { caller }))).rejects.toMatchObject({
    code: 'rate_limited',
    detail: expect.stringContaining('the token busy'),
  });
});

test('searches have a limit of their own', async () => {
  for (let made = 0; made < 2; made++) {
    await admitSearch(effects('192.0.2.77'));
  }
  await expect(admitSearch(effects('192.0.2.77'))).rejects.toMatchObject({ code: 'rate_limited' });
  await admitGeneration(effects('192.0.2.77'));
});

test('layouts have a limit of their own, which neither making nor searching uses up', async () => {
  for (let made = 0; made < 2; made++) {
    await admitLayout(effects('192.0.2.78'));
  }
  await expect(admitLayout(effects('192.0.2.78'))).rejects.toMatchObject({
    code: 'rate_limited',
    detail: expect.stringMatching(/^Too many layouts were written for this address; retry in 60/),
  });
  await admitGeneration(effects('192.0.2.78'));
  await admitLayout(effects('192.0.2.78', { vars: { LIMITS: 'off' } }));
  const caller = async () => ({ scopes: ['admin'] as const });
  await admitLayout(effects('192.0.2.78', { caller }));
});

test('all who send no token share a number a day, and the refusal says when the day ends', async () => {
  const vars = { ...FREE, DAILY_ANONYMOUS: '3' };
  const before = AT - 10 * DAY_MS; // no other test is of that day, or the one after it
  const day = { vars, now: () => before };
  const made = await Promise.allSettled(
    Array.from({ length: 12 }, (_, client) => admitGeneration(effects(`203.0.113.${client}`, day))),
  );
  expect(made.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  await expect(admitGeneration(effects('203.0.113.99', day))).rejects.toMatchObject({
    code: 'quota_exhausted',
    status: 429,
    extra: { headers: { 'retry-after': String(6 * 3600) } },
  });
  // The next day, and whoever has a token, are not held up by it.
  await admitGeneration(effects('203.0.113.99', { ...day, now: () => before + 6 * 3_600_000 }));
  const caller = async () => ({ scopes: ['generate'] as const, token: aToken({ id: 'other' }) });
  await admitGeneration(effects('203.0.113.99', { ...day, caller }));
});

test('one address has a part of the day only, and D1 does not learn which it is', async () => {
  const vars = { ...FREE, DAILY_ADDRESS: '2', DAILY_ANONYMOUS: '100' };
  const day = { vars, now: () => AT - 20 * DAY_MS };
  for (let made = 0; made < 2; made++) {
    await admitGeneration(effects('203.0.113.7', day));
  }
  await expect(admitGeneration(effects('203.0.113.7', day))).rejects.toMatchObject({
    code: 'quota_exhausted',
    detail: expect.stringContaining('this address'),
  });
  await admitGeneration(effects('203.0.113.8', day));
  const { results } = await env.DB.prepare('SELECT who FROM quotas').all();
  expect(JSON.stringify(results)).not.toContain('203.0');
  // What was counted of addresses is forgotten the day after, what was counted of all is not.
  const left = () =>
    env.DB.prepare("SELECT who FROM quotas WHERE day = '2026-07-14' ORDER BY who").all();
  expect((await left()).results).toHaveLength(3);
  await quotaStore(env.DB).forgetOld(AT - 19 * DAY_MS);
  expect((await left()).results).toEqual([{ who: 'anonymous' }]);
});

test('a token has the number of the day that it was given, or that of the endpoint', async () => {
  const vars = { ...FREE, DAILY_TOKEN: '2' };
  const small = async () => ({
    scopes: ['generate'] as const,
    token: aToken({ id: 'small', dailyAdapters: 1 }),
  });
  await admitGeneration(effects(undefined, { vars, caller: small }));
  await expect(admitGeneration(effects(undefined, { vars, caller: small }))).rejects.toMatchObject({
    code: 'quota_exhausted',
    detail: expect.stringContaining('The 1 adapters that the token small'),
  });
  const usual = async () => ({ scopes: ['generate'] as const, token: aToken({ id: 'usual' }) });
  await admitGeneration(effects(undefined, { vars, caller: usual }));
  await admitGeneration(effects(undefined, { vars, caller: usual }));
  await expect(admitGeneration(effects(undefined, { vars, caller: usual }))).rejects.toMatchObject({
    code: 'quota_exhausted',
  });
});

test('a number that cannot be read lets nothing through', async () => {
  const vars = { ...FREE, DAILY_ANONYMOUS: '1e6' };
  await expect(admitGeneration(effects('192.0.2.5', { vars }))).rejects.toMatchObject({
    code: 'quota_exhausted',
  });
});

test('the administrator, and an endpoint of its owner alone, have no limits', async () => {
  const caller = async () => ({ scopes: ['admin'] as const });
  const token = aToken({ id: 'an-admin', scopes: ['admin'], dailyAdapters: 0 });
  const given = async () => ({ scopes: token.scopes, token });
  for (let made = 0; made < 5; made++) {
    await admitGeneration(effects('192.0.2.200', { caller }));
    await admitGeneration(effects('192.0.2.200', { caller: given }));
    await admitGeneration(effects('192.0.2.201', { vars: { LIMITS: 'off' } }));
  }
});

test('days that are long over are forgotten', async () => {
  const store = quotaStore(env.DB);
  const long = Date.UTC(2020, 0, 1);
  await store.take('somebody', 5, long);
  expect(await store.forgetOld(long + 20 * DAY_MS)).toBe(0);
  expect(await store.forgetOld(long + 40 * DAY_MS)).toBe(1);
});

test('a day ends at midnight in UTC', () => {
  expect(secondsLeft(Date.UTC(2026, 7, 3))).toBe(86_400);
  expect(secondsLeft(Date.UTC(2026, 7, 3, 23, 59, 59))).toBe(1);
});

test.each([
  ['192.0.2.1', '192.0.2.1'],
  ['2001:db8::', '2001:db8:0:0::/64'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['::1', '0:0:0:0::/64'],
  ['::ffff:192.0.2.1', '0:0:0:0:0:ffff:c000:201'],
  ['::ffff:192.0.2.2', '0:0:0:0:0:ffff:c000:202'],
  ['', ''],
  ['fe80::1%eth0', 'fe80::1%eth0'],
])('%s is counted as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});
