import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { assetsSource, type BundleSource, openBundle } from '../../src/bundle/bundle.ts';
import { smallManifest } from '../fixtures/manifest.ts';

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** As long as the manifest says that the fit file is. */
function contentOf(name: string): Uint8Array {
  return bytesOf(`the content of ${name}`.padEnd(24));
}

/** A bundle in memory, changed by `change` after its manifest was written. */
function bundleOf(change: (files: Map<string, Uint8Array>) => void = () => undefined) {
  const manifest = smallManifest();
  const files = new Map<string, Uint8Array>();
  for (const name of Object.keys(manifest.files)) {
    const content = contentOf(name);
    files.set(`small/1.0.0/${name}`, content);
    manifest.files[name] = { bytes: content.length, sha256: sha256Of(content) };
  }
  const shared = bytesOf('a tokenizer');
  files.set('encoders/slug/tokenizer.json', shared);
  manifest.files['encoders/slug/tokenizer.json'] = {
    bytes: shared.length,
    sha256: sha256Of(shared),
  };
  const bytes = bytesOf(JSON.stringify(manifest));
  files.set('small/1.0.0/manifest.json', bytes);
  change(files);
  const source: BundleSource = { read: async (path) => files.get(path) ?? null };
  return { source, reference: { name: 'small', version: '1.0.0', digest: sha256Of(bytes) } };
}

function refusal(code: string) {
  return expect.objectContaining({ code });
}

test('files are read by the name the manifest gives them, shared ones too', async () => {
  const { source, reference } = bundleOf();
  const bundle = await openBundle(source, reference);
  expect(bundle.digest).toBe(reference.digest);
  expect(bundle.manifest.name).toBe('small');
  expect(await bundle.read('fit.f16')).toEqual(contentOf('fit.f16'));
  expect(await bundle.read('encoders/slug/tokenizer.json')).toEqual(bytesOf('a tokenizer'));
});

test('a manifest with another digest is refused', async () => {
  const { source, reference } = bundleOf();
  await expect(openBundle(source, { ...reference, digest: '0'.repeat(64) })).rejects.toThrow(
    refusal('bundle_digest_mismatch'),
  );
});

test('a bundle that is not there is refused', async () => {
  const { source, reference } = bundleOf();
  await expect(openBundle(source, { ...reference, version: '2.0.0' })).rejects.toThrow(
    refusal('bundle_missing_file'),
  );
});

test('a bundle that calls itself something else is refused', async () => {
  const { source, reference } = bundleOf((files) => {
    files.set('other/1.0.0/manifest.json', files.get('small/1.0.0/manifest.json') as Uint8Array);
  });
  await expect(openBundle(source, { ...reference, name: 'other' })).rejects.toThrow(/calls itself/);
});

test.each([
  ['missing', 'bundle_missing_file', undefined],
  ['of another size', 'bundle_digest_mismatch', bytesOf('longer than it was before')],
  ['of the same size and other content', 'bundle_digest_mismatch', contentOf('fit.f17')],
])('a file that is %s is refused', async (_case, code, content) => {
  const { source, reference } = bundleOf((files) => {
    files.delete('small/1.0.0/fit.f16');
    if (content !== undefined) {
      files.set('small/1.0.0/fit.f16', content);
    }
  });
  const bundle = await openBundle(source, reference);
  await expect(bundle.read('fit.f16')).rejects.toThrow(refusal(code));
});

test('a file the manifest does not list is not read', async () => {
  const { source, reference } = bundleOf((files) => {
    files.set('small/1.0.0/secret', bytesOf('x'));
  });
  const bundle = await openBundle(source, reference);
  for (const file of ['secret', 'manifest.json', '../1.0.0/fit.f16', 'constructor']) {
    await expect(bundle.read(file)).rejects.toThrow(/not listed/);
  }
});

test('assets are read below /hypernets/, and a missing one is null', async () => {
  const asked: string[] = [];
  const source = assetsSource({
    async fetch(url) {
      asked.push(new URL(url).pathname);
      return url.endsWith('missing') ? new Response('no', { status: 404 }) : new Response('yes');
    },
  });
  expect(await source.read('a/1.0.0/b')).toEqual(bytesOf('yes'));
  expect(await source.read('missing')).toBeNull();
  expect(asked).toEqual(['/hypernets/a/1.0.0/b', '/hypernets/missing']);
});
