/**
 * Two bundles with different encoders in one isolate: the encoders take turns in memory, one after the
 * other and when both are asked for at once, and what loading leaves behind does not add up.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type BenchEndpoint, startBenchEndpoint } from '../../scripts/bench/endpoint.ts';
import { type HeapSampler, sampleHeap } from '../../scripts/bench/heap.ts';
import { upload, wasmBytes } from '../../scripts/bench/measure.ts';
import { canonicalBytes } from '../../scripts/release/canonical.ts';
import { type BundleFile, readBundleFolder } from '../../scripts/release/folder.ts';
import { createClient, type T2lClient } from '../../src/sdk/index.ts';
import { miniBundleFolder } from './bundle-copy.ts';

/** Of Cloudflare, for an isolate. */
const ISOLATE_BYTES = 128e6;
/** A field of ModelProto that ONNX Runtime does not look at: doc_string = "other". */
const DOC_STRING = Uint8Array.of(0x32, 5, ...new TextEncoder().encode('other'));
const TURNS = 6;

let folder: string;
let endpoint: BenchEndpoint;
let heap: HeapSampler;
let client: T2lClient;
let names: readonly [string, string];

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 't2l-two-'));
  endpoint = await startBenchEndpoint('token');
  heap = await sampleHeap(endpoint.inspector);
  client = createClient({ endpoint: endpoint.origin, token: 'token' });
  const other = await otherBundle();
  await upload(endpoint.origin, other);
  await client.register({ name: 'other', version: '1.0.0', digest: other.digest });
  names = ['t2l-mini', other.digest];
});

afterAll(async () => {
  await heap?.close();
  await endpoint?.close();
  await rm(folder, { recursive: true });
});

test('bundles with different encoders take turns within the memory of an isolate', async () => {
  for (let turn = 0; turn < TURNS; turn++) {
    for (const hypernet of names) {
      await client.generate({ description: `Sort the words ${turn}`, hypernet });
    }
  }
  const alternating = (await wasmBytes(endpoint.origin)) + heap.peak().bytes;
  expect(alternating).toBeLessThan(ISOLATE_BYTES);
  const made = await Promise.all(
    [0, 1, 2, 3].map((n) =>
      client.generate({ description: `Count the words ${n}`, hypernet: names[n % 2] }),
    ),
  );
  expect(new Set(made.map(({ id }) => id)).size).toBe(4);
  const together = (await wasmBytes(endpoint.origin)) + heap.peak().bytes;
  expect(together).toBeLessThan(ISOLATE_BYTES);
});

/** t2l-mini under another name, with an encoder whose file is another one. */
async function otherBundle(): Promise<{ files: BundleFile[]; digest: string }> {
  const source = await readBundleFolder(await miniBundleFolder());
  const manifest = JSON.parse(await readFile(source.files.at(-1)?.path ?? '', 'utf8'));
  const before: string = manifest.encoder.files.model;
  const model = 'encoders/other/model.onnx';
  const path = join(folder, 'model.onnx');
  const original = source.files.find(({ key }) => key === before)?.path ?? '';
  const bytes = Buffer.concat([await readFile(original), DOC_STRING]);
  await writeFile(path, bytes);
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const { [before]: _before, ...files } = manifest.files;
  Object.assign(manifest, {
    name: 'other',
    version: '1.0.0',
    files: { ...files, [model]: { bytes: bytes.length, sha256 } },
  });
  manifest.encoder.files.model = model;
  const text = canonicalBytes(new TextEncoder().encode(JSON.stringify(manifest)));
  await writeFile(join(folder, 'manifest.json'), text);
  const digest = createHash('sha256').update(text).digest('hex');
  const kept = source.files
    .slice(0, -1)
    .filter(({ key }) => key !== before)
    .map((file) => ({
      ...file,
      key: file.key.startsWith('encoders/')
        ? file.key
        : file.key.replace(dirname(file.key), 'other/1.0.0'),
    }));
  return {
    digest,
    files: [
      ...kept,
      { key: model, path, sha256 },
      { key: 'other/1.0.0/manifest.json', path: join(folder, 'manifest.json'), sha256: digest },
    ],
  };
}
