import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { localCatalog } from '../../src/local/catalog.ts';
import { createLocalClient } from '../../src/local/client.ts';
import { temporaryFolder } from '../cli/command.ts';
import { wholeBundle } from '../fixtures/small-network.ts';

test("of a folder's bundles the newest version answers, and the others by their names", async () => {
  const folder = temporaryFolder();
  for (const version of ['1.9.0', '1.10.0', '1.10.0-rc.2']) {
    await writeBundle(folder, version);
  }
  const catalog = await localCatalog(folder);
  const { manifest } = wholeBundle();
  expect((await catalog.resolve(manifest.name)).version).toBe('1.10.0');
  expect((await catalog.resolve(`${manifest.name}@1.9.0`)).version).toBe('1.9.0');
  const { digest } = await catalog.resolve(`${manifest.name}@1.10.0-rc.2`);
  expect((await catalog.resolve(digest)).version).toBe('1.10.0-rc.2');
  const builtIn = await catalog.defaultName();
  expect((await catalog.families()).map(({ name }) => name)).toContain(builtIn);
});

test("a folder's bundle makes adapters, and a damaged one is refused", async () => {
  const [folder, data] = [temporaryFolder(), temporaryFolder()];
  await writeBundle(folder, '1.0.0');
  const { manifest } = wholeBundle();
  const client = await createLocalClient({ data, hypernets: folder });
  const embedding = Float32Array.from({ length: manifest.encoder.dim }, (_, i) => i / 8 - 0.5);
  const request = { embedding, hypernet: manifest.name, precision: 'float32' } as const;
  const document = await client.generate(request);
  expect(document.id).toBe(await client.adapterId(request));
  expect(document.hypernet).toMatchObject({ name: manifest.name, version: '1.0.0' });
  await writeBundle(folder, '2.0.0', 'damaged');
  const next = await createLocalClient({ data, hypernets: folder });
  await expect(next.generate(request)).rejects.toMatchObject({ code: 'bundle_digest_mismatch' });
});

async function writeBundle(folder: string, version: string, graph?: string): Promise<void> {
  const { manifest, files } = wholeBundle();
  const place = join(folder, manifest.name, version);
  await mkdir(place, { recursive: true });
  for (const [name, bytes] of files) {
    await writeFile(join(place, name), graph ?? bytes);
  }
  await writeFile(join(place, 'manifest.json'), JSON.stringify({ ...manifest, version }));
}
