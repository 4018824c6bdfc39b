import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { admitGeneration, networkOf } from '../../src/api/admission.ts';

test('an address is let through as often as the binding allows, and others are not held up by it', async () => {
  for (let made = 0; made < 2; made++) {
    await admitGeneration(env.GENERATIONS, '192.0.2.1');
  }
  await expect(admitGeneration(env.GENERATIONS, '192.0.2.1')).rejects.toMatchObject({
    code: 'rate_limited',
    status: 429,
    extra: { headers: { 'retry-after': '10' } },
  });
  await admitGeneration(env.GENERATIONS, '192.0.2.2');
});

test('without the binding there is no limit', async () => {
  for (let made = 0; made < 5; made++) {
    await admitGeneration(undefined, '192.0.2.1');
  }
});

test('the addresses of one IPv6 network are one client, those of another are another', async () => {
  await admitGeneration(env.GENERATIONS, '2001:db8:0:1::1');
  await admitGeneration(env.GENERATIONS, '2001:DB8:0:1:ffff:ffff:ffff:ffff');
  await expect(admitGeneration(env.GENERATIONS, '2001:db8:0:1::3')).rejects.toMatchObject({
    code: 'rate_limited',
  });
  await admitGeneration(env.GENERATIONS, '2001:db8:0:2::1');
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
