/**
 * The runtime that serves on this machine has paths of its own. None of them gives what is stored to
 * somebody without a token; `t2l serve` may listen to a network (test/scripts/start.test.ts has npm start).
 */
import { expect, test } from 'vitest';
import { sharedServer } from '../server.ts';

test('what the local runtime serves beside the Worker gives nothing away', async () => {
  const server = await sharedServer();
  for (const path of [
    'explorer',
    'explorer/api/d1/database',
    'r2/s3/adapters',
    'r2/public/audit/place.json',
    'observability',
    'scheduled',
    'email',
  ]) {
    const answer = await server.fetch(`/cdn-cgi/local/${path}`);
    expect([path, answer.status]).toEqual([path, 404]);
    await answer.body?.cancel();
  }
  // The door by which the programs that started it reach R2 and D1, with a secret of theirs.
  const headers = { 'MF-Op': 'GET', 'MF-Op-Target': 'env', 'MF-Op-Key': 'DB' };
  const answer = await server.fetch('/cdn-cgi/local/platform-proxy', { headers });
  expect(answer.status).toBe(401);
});
