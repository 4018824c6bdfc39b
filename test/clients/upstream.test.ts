import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { withCard } from '../fixtures/with-card.ts';
import { type OtherHub, SMALL, startOtherHub } from '../hub/other-hub.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { call } from './python.ts';

let hub: OtherHub;
let server: TestServer;

beforeAll(async () => {
  hub = await startOtherHub();
  const secrets = { ADMIN_TOKEN, HUB_UPSTREAM: hub.origin };
  server = await startServer(secrets);
});

afterAll(async () => {
  await server.close();
  await hub.close();
});

test.each(['new', 'old'] as const)(
  'files of another hub come from there, ours from here: %s huggingface_hub',
  async (environment) => {
    const options = { repository: 'org/model', file: 'config.json' };
    const sha256 = createHash('sha256').update(SMALL).digest('hex');
    expect(await call(environment, server.origin, 'download', options)).toBe(sha256);
    const ours = await server.send('/v1/adapters', { description: 'Reverse the list' });
    const { repository, files } = await withCard(adapterSchema.parse(await ours.json()));
    const file = 'README.md';
    expect(await call(environment, server.origin, 'download', { repository, file })).toBe(
      files[file]?.sha256,
    );
    const asked = hub.requests.splice(0);
    expect(asked.map(({ method, url }) => [method, url.split('?', 1)[0]])).toContainEqual([
      'HEAD',
      '/org/model/resolve/main/config.json',
    ]);
    const fromWorker = asked.filter(({ headers }) => headers['user-agent'] === 't2l-edge');
    expect(fromWorker.length).toBeGreaterThan(0);
    for (const { headers } of fromWorker) {
      expect(headers).not.toHaveProperty('authorization');
    }
  },
);
