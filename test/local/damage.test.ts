/** Bits that change on a disk: in the data folder of `t2l`, and in a folder of bundles. */
import { cp, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';
import { checkBundle } from '../../src/bundle/bundle.ts';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { localCatalog } from '../../src/local/catalog.ts';
import { createLocalClient, type LocalClient } from '../../src/local/client.ts';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import { miniBundle } from '../bundles.ts';
import { keptFolder } from '../cli/command.ts';
import { flipBit, placesIn } from '../fixtures/damage.ts';

const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';
const DESCRIPTION = 'Reverse the order of the words.';
const HYPERNETS = join(ROOT, 'src/assets/hypernets');
const VERSION = '99.0.0';
const WEIGHTS_PLACES = 32;
const CONFIG_PLACES = 16;
const BUNDLE_PLACES = 8;

let folder: string;
let data: string;
/** The copy in a folder, and the one that ships. */
let reference: string;
let shippedReference: string;
let client: LocalClient;
/** File of the copied bundle -> where it lies. */
const paths = new Map<string, string>();

beforeAll(async () => {
  folder = keptFolder();
  data = join(folder, 'data');
  const { name, version, manifest } = await miniBundle();
  reference = `${name}@${VERSION}`;
  shippedReference = `${name}@${version}`;
  const copy = join(folder, 'hypernets', name, VERSION);
  await cp(join(HYPERNETS, name, version), copy, { recursive: true });
  await cp(join(HYPERNETS, 'encoders'), join(folder, 'hypernets/encoders'), { recursive: true });
  const own = join(copy, 'manifest.json');
  const text = await readFile(own, 'utf8');
  await writeFile(own, text.replace(`"version":"${version}"`, `"version":"${VERSION}"`));
  for (const file of Object.keys(manifest.files)) {
    paths.set(
      file,
      file.startsWith('encoders/') ? join(folder, 'hypernets', file) : join(copy, file),
    );
  }
  client = await createLocalClient({ data, hypernets: join(folder, 'hypernets') });
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('an encoder that was damaged before it was ever loaded makes nothing, and spoils no other', async () => {
  const model = [...paths].find(([file]) => /encoders\/.*\.onnx$/.test(file))?.[1] ?? '';
  await flipBit(model, 9_000_000);
  await expect(
    client.generate({ description: DESCRIPTION, hypernet: reference }),
  ).rejects.toMatchObject({ code: 'bundle_digest_mismatch' });
  const shipped = await client.generate({ description: DESCRIPTION, hypernet: shippedReference });
  await flipBit(model, 9_000_000);
  const copy = await client.generate({ description: DESCRIPTION, hypernet: reference });
  expect(copy.files[WEIGHTS]?.sha256).toBe(shipped.files[WEIGHTS]?.sha256);
});

test('a bundle with a changed bit anywhere is told from a whole one', async () => {
  const catalog = await localCatalog(join(folder, 'hypernets'));
  const version = await catalog.resolve(reference);
  let cases = 0;
  for (const [file, path] of paths) {
    const { length } = await readFile(path);
    for (const place of placesIn(length, BUNDLE_PLACES)) {
      await flipBit(path, place);
      await expect(
        catalog.openAnew(version).then(checkBundle),
        `${file} at ${place}`,
      ).rejects.toMatchObject({ code: 'bundle_digest_mismatch' });
      await flipBit(path, place);
      cases++;
    }
  }
  expect(await checkBundle(await catalog.openAnew(version))).toBe(paths.size);
  expect(cases).toBe(paths.size * BUNDLE_PLACES);
});

test('an adapter with a changed bit anywhere is right in every layout, and heals', async () => {
  const document = await client.generate({ description: DESCRIPTION, hypernet: reference });
  const wanted: [string, 'mlx' | 'workers-ai' | undefined][] = [
    [WEIGHTS, undefined],
    [CONFIG, undefined],
    ['adapter.gguf', undefined],
    ['adapters.safetensors', 'mlx'],
  ];
  const right = await Promise.all(wanted.map((one) => hashOf(document, one)));
  for (const [name, count] of [
    [WEIGHTS, WEIGHTS_PLACES],
    [CONFIG, CONFIG_PLACES],
  ] as const) {
    const path = join(data, 'adapters', document.id, name);
    const { length } = await readFile(path);
    for (const [index, place] of placesIn(length, count).entries()) {
      await flipBit(path, place);
      const at = index % wanted.length;
      const what = `${name} at ${place}, as ${wanted[at]}`;
      expect([what, await hashOf(document, wanted[at] as (typeof wanted)[0])]).toEqual([
        what,
        right[at],
      ]);
      await client.download(document, name);
      expect([what, await sha256Hex(await readFile(path))]).toEqual([
        what,
        document.files[name]?.sha256,
      ]);
    }
  }
});

async function hashOf(
  document: AdapterDocument,
  [name, layout]: [string, 'mlx' | 'workers-ai' | undefined],
): Promise<string> {
  return sha256Hex(await client.download(document, name, { layout }));
}
