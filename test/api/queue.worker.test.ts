/** What the queue's consumer does with a message that it cannot serve: again later if that may help, else never. */
import { env } from 'cloudflare:test';
import { expect, test, vi } from 'vitest';
import { makeQueued } from '../../src/api/queue.ts';
import type { Env } from '../../src/env.ts';

const away = {
  prepare() {
    throw new Error('D1 is away');
  },
} as unknown as D1Database;

/** What became of a message. */
async function served(body: unknown, bindings: Env = env): Promise<unknown[]> {
  const done: unknown[] = [];
  const message = {
    id: 'm',
    timestamp: new Date(0),
    attempts: 1,
    body,
    ack: () => done.push('ack'),
    retry: (options?: QueueRetryOptions) => done.push(options),
  };
  const log = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  vi.spyOn(console, 'error').mockImplementation(() => undefined);
  const batch = { queue: 'generate', messages: [message], ackAll() {}, retryAll() {} };
  await makeQueued(batch as unknown as MessageBatch, bindings, () => undefined);
  expect(JSON.stringify(log.mock.calls)).not.toContain('secret wish');
  log.mockRestore();
  return done;
}

test('a store that is away is tried again later', async () => {
  const body = { request: { description: 'a secret wish' }, made_by: 'anonymous' };
  expect(await served(body, { ...env, DB: away })).toEqual([{ delaySeconds: 30 }]);
});

test.each<[string, unknown]>([
  ['of another shape', { description: 'a secret wish' }],
  ['that is no object', 'a secret wish'],
  [
    'of a version that is gone',
    { request: { description: 'a secret wish', hypernet: 'f'.repeat(64) }, made_by: 'x' },
  ],
  ['that is wrong', { request: { description: 'a secret wish', strength: 99 }, made_by: 'x' }],
])('a message %s is forgotten', async (_name, body) => {
  expect(await served(body)).toEqual(['ack']);
});
