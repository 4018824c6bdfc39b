import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import {
  assetsSource,
  type BundleSource,
  openBundle,
  r2Source,
} from '../../src/hypernet/bundle.ts';
import { graphFiles } from '../../src/hypernet/graph-files.ts';
import { type Graph, type Manifest, parseManifest } from '../../src/hypernet/manifest.ts';
import { smallManifest } from '../fixtures/manifest.ts';

function sha256Of(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}

function bytesOf(text: string): Uint8Array {
  return new TextEncoder().encode(text);
}

/** A bundle in memory, changed by `change` after its manifest was written. */
function bundleOf(change: (files: Map<string, Uint8Array>) => void = () => undefined) {
  const manifest = smallManifest();
  const files = new Map<string, Uint8Array>();
  for (const name of Object.keys(manifest.files)) {
    const content = bytesOf(`content of ${name}`);
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
  expect(await bundle.read('fit.f16')).toEqual(bytesOf('content of fit.f16'));
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
  ['of the same size and other content', 'bundle_digest_mismatch', bytesOf('content of fit.f17')],
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

test('bytes that the store checked against the listed sha256 are believed, others are hashed', async () => {
  const { source, reference } = bundleOf();
  let known: string | undefined;
  const changed = bytesOf('content of fit.f17');
  const store: BundleSource = {
    read: source.read,
    async readChecked(path) {
      const bytes = path.endsWith('fit.f16') ? changed : await source.read(path);
      return bytes && { bytes, sha256: path.endsWith('fit.f16') ? known : undefined };
    },
  };
  const bundle = await openBundle(store, reference);
  for (const sha256 of [undefined, '0'.repeat(64), sha256Of(changed)]) {
    known = sha256;
    await expect(bundle.read('fit.f16')).rejects.toThrow(refusal('bundle_digest_mismatch'));
  }
  known = bundle.manifest.files['fit.f16']?.sha256;
  expect(await bundle.read('fit.f16')).toBe(changed);
});

test('the digest of an R2 object is the one that R2 checked at its put', async () => {
  const digest = new Uint8Array(32).fill(0xab);
  const object = {
    arrayBuffer: async () => bytesOf('x').buffer,
    checksums: { toJSON: () => ({ sha256: Buffer.from(digest).toString('hex') }) },
  };
  const bucket = { get: async (key: string) => (key === 'there' ? object : null) };
  const source = r2Source(bucket as unknown as R2Bucket);
  expect(await source.readChecked?.('there')).toEqual({
    bytes: bytesOf('x'),
    sha256: 'ab'.repeat(32),
  });
  expect(await source.readChecked?.('elsewhere')).toBeNull();
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

type Loose = Record<string, unknown>;

const PREDICTOR = {
  temperature: 0.05,
  topic: { bias: -5, similarity: 9, direction: [0.25, -1, 0] },
  match: { bias: -1, success: 3, direction: [0.5, 0, -0.5] },
};

test('a manifest may have a predictor of fit', () => {
  const manifest = smallManifest();
  manifest.fit = { ...manifest.fit, success: [0, 0.5, 0.25, 1], predictor: PREDICTOR };
  expect(parseManifest(bytesOf(JSON.stringify(manifest)))).toEqual(manifest);
});

test('a manifest may have neither fit nor norms, an ending, and a graph in chunks', () => {
  const { fit: _fit, norms: _norms, ...bare } = smallManifest();
  const chunks = [{ file: 'golden.safetensors', offsets: { 'q_proj.A': 0, 'q_proj.B': 0 } }];
  const manifest: Manifest = {
    ...bare,
    encoder: { ...bare.encoder, ending: 'full-stop' },
    graphs: { float32: { body: 'hypernet.float32.onnx', chunks } },
  };
  expect(parseManifest(bytesOf(JSON.stringify(manifest)))).toEqual(manifest);
  expect(graphFiles(manifest.graphs.float32 as Graph)).toEqual([
    'hypernet.float32.onnx',
    'golden.safetensors',
  ]);
});

test("a manifest may name the base model's heads", () => {
  const manifest = smallManifest();
  manifest.target.attention = { heads: 3, kv_heads: 1, head_dim: 2 };
  manifest.target.modules = manifest.target.modules.map((one) =>
    one.name === 'v_proj' ? { ...one, out: 2 } : one,
  );
  expect(parseManifest(bytesOf(JSON.stringify(manifest)))).toEqual(manifest);
});

const BODY = 'hypernet.float32.onnx';

test.each<[string, RegExp, (manifest: Loose) => void]>([
  [
    'a chunk that is not listed',
    /y\.onnx is used but not listed/,
    (m) => (m.graphs = { float32: { body: BODY, chunks: [{ file: 'y.onnx', offsets: {} }] } }),
  ],
  [
    'a body without chunks',
    /graphs\.float32\.chunks: Too small/,
    (m) => (m.graphs = { float32: { body: BODY, chunks: [] } }),
  ],
  [
    'a graph that is both whole and in chunks',
    /graphs\.float32: must be/,
    (m) =>
      (m.graphs = { float32: { file: BODY, body: BODY, chunks: [{ file: BODY, offsets: {} }] } }),
  ],
  [
    'an offset below 0',
    /graphs\.float32\.chunks\.0\.offsets\.a/,
    (m) => (m.graphs = { float32: { body: BODY, chunks: [{ file: BODY, offsets: { a: -1 } }] } }),
  ],
  ['another ending', /ending/, (m) => ((m.encoder as Loose).ending = 'comma')],
  ['another schema', /"t2l-bundle\/2"/, (m) => (m.schema = 't2l-bundle/2')],
  ['no schema', /undefined/, (m) => delete m.schema],
  ['an unknown member', /surprise/, (m) => (m.surprise = 1)],
  ['the reserved name', /reserved/, (m) => (m.name = 'encoders')],
  ['a name that is a path', /name/, (m) => (m.name = '../x')],
  ['a version that is not semver', /version/, (m) => (m.version = '1')],
  ['an unfolded scale', /scale/, (m) => (m.scale = 2)],
  ['a default precision without graph', /no int8 graph/, (m) => (m.precision = 'int8')],
  [
    'a graph that is not listed',
    /x\.onnx is used/,
    (m) => (m.graphs = { float32: { file: 'x.onnx' } }),
  ],
  [
    'a file outside the bundle',
    /files/,
    (m) => ((m.files as Loose)['../x'] = { bytes: 1, sha256: '0'.repeat(64) }),
  ],
  [
    'a sha256 in capitals',
    /sha256/,
    (m) => ((m.files as Loose).x = { bytes: 1, sha256: 'A'.repeat(64) }),
  ],
  [
    'norms of another module',
    /target modules/,
    (m) => ((m.norms as Loose).k_proj = { mean: [1, 1], deviation: [1, 1] }),
  ],
  [
    'norms of too few layers',
    /value a layer/,
    (m) => ((m.norms as Loose).q_proj = { mean: [1], deviation: [1] }),
  ],
  ['a fit table of another dimension', /dimension/, (m) => ((m.fit as Loose).dim = 4)],
  [
    'a predictor without success',
    /fit\.success: is needed/,
    (m) => ((m.fit as Loose).predictor = PREDICTOR),
  ],
  [
    'success of too few tasks',
    /fit\.success: has 3 values for 4 tasks/,
    (m) => Object.assign(m.fit as Loose, { predictor: PREDICTOR, success: [0, 0.5, 1] }),
  ],
  ['success above one', /fit\.success\.3/, (m) => ((m.fit as Loose).success = [0, 0.5, 1, 1.1])],
  [
    'a temperature of zero',
    /temperature/,
    (m) => ((m.fit as Loose).predictor = { ...PREDICTOR, temperature: 0 }),
  ],
  [
    'a direction of another dimension',
    /fit\.predictor\.match\.direction: must have as many/,
    (m) =>
      Object.assign(m.fit as Loose, {
        success: [0, 0.5, 0.25, 1],
        predictor: { ...PREDICTOR, match: { ...PREDICTOR.match, direction: [1] } },
      }),
  ],
  [
    'a direction of topics of another dimension',
    /fit\.predictor\.topic\.direction: must have as many/,
    (m) =>
      Object.assign(m.fit as Loose, {
        success: [0, 0.5, 0.25, 1],
        predictor: { ...PREDICTOR, topic: { ...PREDICTOR.topic, direction: [1] } },
      }),
  ],
  [
    'heads that do not make up a projection',
    /attention: gives v_proj 6 outputs, the module has 4/,
    (m) => ((m.target as Loose).attention = { heads: 3, kv_heads: 3, head_dim: 2 }),
  ],
  [
    'key/value heads that do not divide the heads',
    /attention\.kv_heads: must divide the 3 heads/,
    (m) => ((m.target as Loose).attention = { heads: 3, kv_heads: 2, head_dim: 2 }),
  ],
  [
    'half an attention',
    /attention\.head_dim/,
    (m) => ((m.target as Loose).attention = { heads: 3, kv_heads: 3 }),
  ],
  [
    'two modules of one name',
    /differ/,
    (m) => {
      const { modules } = m.target as { modules: unknown[] };
      modules.push(modules[0]);
    },
  ],
])('refused: a manifest with %s', (_case, message, change) => {
  const manifest = smallManifest() as unknown as Loose;
  change(manifest);
  const parse = () => parseManifest(bytesOf(JSON.stringify(manifest)));
  expect(parse).toThrow(refusal('bundle_schema_unsupported'));
  expect(parse).toThrow(message);
});

test.each([
  ['text', bytesOf('hello')],
  ['null', bytesOf('null')],
  ['bytes that are not UTF-8', Uint8Array.of(0x7b, 0xff, 0x7d)],
])('refused: a manifest that is %s', (_case, bytes) => {
  expect(() => parseManifest(bytes)).toThrow(refusal('bundle_schema_unsupported'));
});
