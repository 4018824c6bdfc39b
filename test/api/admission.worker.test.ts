import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { admitGeneration } from '../../src/api/admission.ts';

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
