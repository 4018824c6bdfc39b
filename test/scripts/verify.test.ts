/** Every way in which a bundle can be unfit for release, judged by the edge's code in workerd. */
import { readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { readBundleFolder } from '../../scripts/release/folder.ts';
import { startVerifier, type Verifier } from '../../scripts/release/verify.ts';
import type { VerifyReport } from '../../scripts/release/verify-worker.ts';
import { type CopyRoot, createCopyRoot, flipped, miniBundleFolder } from './bundle-copy.ts';

// Endpoints start in seconds, but on a busy machine in a minute.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

let verifier: Verifier;
let copies: CopyRoot;

beforeAll(async () => {
  [verifier, copies] = await Promise.all([startVerifier(), createCopyRoot()]);
});

afterAll(async () => {
  await verifier?.close();
  await copies?.remove();
});

async function verify(directory: string): Promise<VerifyReport> {
  return verifier.verify(await readBundleFolder(directory));
}

/** The float32 numbers of one golden tensor, moved by a part of their size. */
function moved(golden: Uint8Array, tensor: string, factor: number): Uint8Array {
  const changed = golden.slice();
  const view = new DataView(changed.buffer);
  const headerBytes = Number(view.getBigUint64(0, true));
  const header = JSON.parse(new TextDecoder().decode(changed.subarray(8, 8 + headerBytes)));
  const [begin, end] = header[tensor].data_offsets;
  for (let at = 8 + headerBytes + begin; at < 8 + headerBytes + end; at += 4) {
    view.setFloat32(at, view.getFloat32(at, true) * factor, true);
  }
  return changed;
}

test('the bundle that ships agrees with PyTorch', async () => {
  const report = await verify(await miniBundleFolder());
  expect(report.golden.tokens).toBe('equal');
  expect(report.golden.float32_error).toBeLessThan(1e-5);
  expect(report.golden.int8_cosine).toBeGreaterThan(0.9995);
  expect(report.golden.embedding_cosine).toBeGreaterThan(0.9999);
});

test('a file with other bytes than listed is refused', async () => {
  const folder = await copies.copy('9.0.1');
  const graph = join(folder, 'hypernet.int8.onnx');
  await writeFile(graph, flipped(new Uint8Array(await readFile(graph))));
  await expect(verify(folder)).rejects.toThrow(/^bundle_digest_mismatch: .*hypernet\.int8\.onnx/);
});

test('a missing file is refused', async () => {
  const folder = await copies.copy('9.0.2');
  await rm(join(folder, 'fit.f16'));
  await expect(verify(folder)).rejects.toThrow(/^bundle_missing_file: .*fit\.f16/);
});

test('a manifest that is not in its canonical form is refused', async () => {
  const folder = await copies.copy('9.0.3');
  const manifest = await readFile(join(folder, 'manifest.json'), 'utf8');
  await writeFile(join(folder, 'manifest.json'), `${manifest}\n`);
  await expect(verify(folder)).rejects.toThrow(/^manifest_not_canonical/);
});

test('weights that are not those of PyTorch are refused', async () => {
  const folder = await copies.copy('9.0.4', {
    files: { 'golden.safetensors': (golden) => moved(golden, 'v_proj.B', 1.0001) },
  });
  await expect(verify(folder)).rejects.toThrow(
    /^golden_mismatch: .*v_proj\.B of the float32 graph/,
  );
});

test('an encoder that is not the one of training is refused', async () => {
  const folder = await copies.copy('9.0.5', {
    manifest: ({ golden }) => golden.descriptions.reverse(),
  });
  await expect(verify(folder)).rejects.toThrow(/^golden_mismatch: .*the tokenizer gives other ids/);
});

test('a folder that is not called like its bundle is refused', async () => {
  const folder = await copies.copy('9.0.6', {
    manifest: (manifest) => {
      manifest.version = '9.0.7';
    },
  });
  await expect(verify(folder)).rejects.toThrow(/^bundle_misplaced/);
});

test('a folder without a manifest is refused', async () => {
  await expect(verify(copies.path)).rejects.toThrow(/^bundle_missing_file: .*manifest\.json/);
});
