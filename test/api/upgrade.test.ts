/** What a new deployment and lost files do to the versions that were chosen before. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultBundle, uploadVariant } from '../bundles.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const HYPERNETS = join(import.meta.dirname, '../../src/assets/hypernets');
const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

test('a built-in version that was released has a row, so a deployment without it keeps it', async () => {
  const { name, version, digest, manifest } = await defaultBundle();
  for (const file of ['manifest.json', ...Object.keys(manifest.files)]) {
    const key = file.startsWith('encoders/') ? file : `${name}/${version}/${file}`;
    await server.env.HYPERNETS.put(key, await readFile(join(HYPERNETS, key)));
  }
  const response = await server.send('/v1/hypernets', { name, version, digest }, { headers });
  expect(response.status).toBe(200);
  const row = await server.env.DB.prepare('SELECT digest FROM hypernets').first();
  expect(row).toEqual({ digest });
});

test('a chosen version that is gone leaves the built-in one, not an endpoint that cannot work', async () => {
  const { name, digest } = await defaultBundle();
  const [gone, before] = ['ab', 'cd'].map((byte) => byte.repeat(32));
  await server.env.DB.prepare('INSERT INTO channels VALUES (?, ?, ?, 0, NULL, NULL)')
    .bind(name, gone, before)
    .run();
  expect((await server.fetch('/healthz')).status).toBe(200);
  expect((await server.fetch(`/api/models/t2l/${name}`)).status).toBe(200);
  const { active, previous } = (await (await server.fetch(`/v1/hypernets/${name}`)).json()) as {
    active: string;
    previous: string | null;
  };
  expect([active, previous]).toEqual([digest, null]);
});

test('a version whose manifest is lost hides no other one, and another can be activated', async () => {
  const lost = await uploadVariant(server.env, '9.0.0');
  const { name, version } = await defaultBundle();
  await server.env.DB.prepare('INSERT INTO hypernets VALUES (?, ?, ?, ?)')
    .bind(lost.digest, name, lost.version, 0)
    .run();
  await server.env.HYPERNETS.delete(`${name}/9.0.0/manifest.json`);
  const list = await server.fetch('/v1/hypernets');
  expect([list.status, await list.text()]).toEqual([200, expect.stringContaining(`"${version}"`)]);
  const answer = await server.send(
    `/v1/hypernets/${name}/active`,
    { version },
    { method: 'PUT', headers },
  );
  expect(answer.status).toBe(200);
});
