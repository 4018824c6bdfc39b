/** The estimate of memory against what `npm run bench` measured of bundles of known sizes. */
import { expect, test } from 'vitest';
import type { Graph, Manifest } from '../../src/bundle/manifest.ts';
import { needsOf } from '../../src/bundle/needs.ts';
import { defaultBundle } from '../bundles.ts';
import { smallManifest } from '../fixtures/manifest.ts';

const MB = 1e6;

/** A manifest at the sizes of Mistral-7B with files of the given sizes. */
function manifestOf(graph: Graph, sizes: Record<string, number>): Manifest {
  const manifest = smallManifest();
  const files = { 'model.onnx': 23.5 * MB, 'tokenizer.json': 0.7 * MB, ...sizes };
  return {
    ...manifest,
    target: {
      ...manifest.target,
      layers: 32,
      rank: 8,
      modules: [
        { name: 'q_proj', path: 'self_attn.q_proj', in: 4096, out: 4096 },
        { name: 'v_proj', path: 'self_attn.v_proj', in: 4096, out: 1024 },
      ],
    },
    encoder: {
      ...manifest.encoder,
      kind: 'onnx',
      files: { model: 'model.onnx', tokenizer: 'tokenizer.json' },
    },
    graphs: { float32: graph },
    files: Object.fromEntries(
      Object.entries(files).map(([name, bytes]) => [name, { bytes, sha256: '0'.repeat(64) }]),
    ),
  };
}

function chunked(count: number, bytes: number): Manifest {
  const names = Array.from({ length: count }, (_, index) => `chunk${index}`);
  const graph = { body: 'body', chunks: names.map((file) => ({ file, offsets: {} })) };
  const sizes = Object.fromEntries(names.map((name) => [name, bytes]));
  return manifestOf(graph, { body: 2 * MB, ...sizes });
}

test('a graph of 222 MB in chunks of 4 MiB fits an isolate, as was measured', () => {
  const needs = needsOf(chunked(52, 4.26 * MB)).precisions.float32;
  expect(needs).toMatchObject({ whole: false, largest_part_bytes: 4.26 * MB, plan: 'paid' });
  expect(needs?.graph_bytes).toBeCloseTo(2 * MB + 52 * 4.26 * MB, -3);
  const memory = needs?.memory_bytes ?? 0;
  expect(Math.abs(memory / (109.1 * MB) - 1)).toBeLessThan(0.1);
  expect(memory).toBeLessThan(115 * MB);
});

test('smaller chunks need less, and how many there are does not matter', () => {
  const memory = (manifest: Manifest) => needsOf(manifest).precisions.float32?.memory_bytes;
  expect(memory(chunked(52, 4.2 * MB))).toBeLessThan(memory(chunked(26, 8.4 * MB)) ?? 0);
  expect(memory(chunked(1000, 4.2 * MB))).toBe(memory(chunked(52, 4.2 * MB)));
});

test('a whole graph also needs room for its outputs in the heap of WASM', () => {
  const whole = needsOf(manifestOf({ file: 'whole' }, { whole: 21.9 * MB })).precisions.float32;
  expect(whole).toMatchObject({
    whole: true,
    graph_bytes: 21.9 * MB,
    largest_part_bytes: 21.9 * MB,
  });
  expect(Math.abs((whole?.memory_bytes ?? 0) / (129 * MB) - 1)).toBeLessThan(0.1);
});

test('the bundle that ships needs what was measured, within a tenth', async () => {
  const { manifest } = await defaultBundle();
  const { float32, int8 } = needsOf(manifest).precisions;
  expect(Math.abs((float32?.memory_bytes ?? 0) / (94.5 * MB) - 1)).toBeLessThan(0.1);
  expect(Math.abs((int8?.memory_bytes ?? 0) / (94.5 * MB) - 1)).toBeLessThan(0.1);
});

/** The same bundle with its encoder in a service. */
function withoutEncoder(manifest: Manifest): Manifest {
  const { files: _files, ...encoder } = manifest.encoder as Manifest['encoder'] & { files: object };
  return { ...manifest, encoder: { ...encoder, kind: 'http' as const } } as Manifest;
}

test('chunks without an embedded encoder need what was measured, within a tenth', () => {
  const needs = needsOf(withoutEncoder(chunked(62, 4.26 * MB))).precisions.float32;
  expect(Math.abs((needs?.memory_bytes ?? 0) / (63.4 * MB) - 1)).toBeLessThan(0.1);
});

test('an encoder that runs elsewhere needs no memory here', () => {
  const manifest = manifestOf({ file: 'whole' }, { whole: 3 * MB });
  const elsewhere = withoutEncoder(manifest);
  const [here, there] = [manifest, elsewhere].map((one) => needsOf(one));
  expect(there?.encoder.kind).toBe('http');
  const saved =
    (here?.precisions.float32?.memory_bytes ?? 0) - (there?.precisions.float32?.memory_bytes ?? 0);
  expect(saved).toBeGreaterThan(23.5 * MB);
});
