/** The bundles that ship: whole, what their index says they are, and for base models that can be had. */
import { createHash } from 'node:crypto';
import { readdir, stat } from 'node:fs/promises';
import { join, relative, sep } from 'node:path';
import { expect, test } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';
import { openBundle } from '../../src/bundle/bundle.ts';
import { GGUF_SOURCES } from '../../src/local/gguf-source.ts';
import { readBuiltIn } from '../../src/store/built-in.ts';
import { assetBundles, readAsset } from '../fixtures/assets.ts';

/** What a checkout carries, and a deployment with the page and the reference that are built into it. */
const ASSETS_BYTES = 75e6;
const DEPLOYED_BYTES = 91e6;
const BUILT = ['playground', 'docs'];
/** Of Cloudflare; `wrangler deploy` refuses a larger asset. */
const ASSET_BYTES = 25 * 1024 * 1024;

const { defaultName, versions } = await readBuiltIn(assetBundles);

test('one of them answers when a request names none, and no two have the same name and version', () => {
  expect(versions.map(({ name }) => name)).toContain(defaultName);
  const names = versions.map(({ name, version }) => `${name}@${version}`);
  expect(new Set(names).size).toBe(names.length);
});

test.each(versions)('$name $version has every file that its manifest lists', async (version) => {
  const bundle = await openBundle(assetBundles, version);
  for (const [file, { bytes, sha256 }] of Object.entries(bundle.manifest.files)) {
    const path = file.startsWith('encoders/') ? file : `${version.name}/${version.version}/${file}`;
    const content = await readAsset(`hypernets/${path}`);
    expect(content.length).toBe(bytes);
    expect(createHash('sha256').update(content).digest('hex')).toBe(sha256);
  }
});

test.each(versions)(
  'the base model of $name $version is at the revision it names',
  async (version) => {
    const { manifest } = await openBundle(assetBundles, version);
    const { id, revision } = manifest.target.base_model;
    const served: { id: string; revision: string }[] = JSON.parse(
      new TextDecoder().decode(await readAsset('base-models/index.json')),
    );
    // Served here, or at the hub: PEFT and the card's recipes ask for exactly this commit.
    const known = served.find((one) => one.id === id) ?? GGUF_SOURCES.get(id);
    expect(known?.revision).toBe(revision);
  },
);

test('the assets are small enough, each and together', async () => {
  const folder = join(ROOT, 'src/assets');
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  const files = await Promise.all(
    entries
      .filter((entry) => entry.isFile())
      .map(async (entry) => {
        const path = join(entry.parentPath, entry.name);
        return { path: relative(folder, path), size: (await stat(path)).size };
      }),
  );
  expect(Math.max(...files.map(({ size }) => size))).toBeLessThanOrEqual(ASSET_BYTES);
  expect(files.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(DEPLOYED_BYTES);
  const carried = files.filter(({ path }) => !BUILT.includes(path.split(sep)[0] ?? ''));
  expect(carried.reduce((sum, { size }) => sum + size, 0)).toBeLessThan(ASSETS_BYTES);
});
