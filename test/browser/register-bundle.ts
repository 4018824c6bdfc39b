/** Puts a bundle of the fixtures into an endpoint's bucket and registers it. */
import { createHash } from 'node:crypto';
import type { SmallBundle } from '../fixtures/small-network.ts';
import type { TestServer } from '../server.ts';

/** Uploads and registers. */
export async function registerBundle(
  { env, send }: TestServer,
  { manifest, files }: SmallBundle,
  headers: Record<string, string>,
): Promise<void> {
  const { name, version } = manifest;
  const bytes = Buffer.from(JSON.stringify(manifest));
  for (const [file, content] of new Map([...files, ['manifest.json', bytes]])) {
    await env.HYPERNETS.put(`${name}/${version}/${file}`, content);
  }
  const digest = createHash('sha256').update(bytes).digest('hex');
  const answer = await send('/v1/hypernets', { name, version, digest }, { headers });
  if (answer.status !== 201) {
    throw new Error(`${name} was not registered: ${await answer.text()}`);
  }
}
