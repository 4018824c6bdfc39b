/**
 * The same adapter, byte for byte, from the built Worker in workerd and from the sources in Node: the
 * promise behind an id that anyone can compute and bytes that can be made again anywhere.
 */
import { beforeAll, expect, test } from 'vitest';
import type { Bundle } from '../../src/bundle/bundle.ts';
import { adapterId } from '../../src/contract/adapter-id.ts';
import type { Dtype } from '../../src/pipeline/produce.ts';
import { produceRecipe } from '../../src/pipeline/produce-recipe.ts';
import { assetBundles } from '../fixtures/assets.ts';
import { openDefaultBundle } from '../fixtures/default-bundle.ts';
import { type SharedServer, sharedServer } from '../server.ts';

let server: SharedServer;
let bundle: Bundle;

beforeAll(async () => {
  server = await sharedServer();
  bundle = await openDefaultBundle(assetBundles);
});

test.each<[Dtype, 'float32' | 'int8', number]>([
  ['float16', 'int8', 1],
  ['bfloat16', 'int8', -0.5],
  ['float32', 'float32', 1.25],
])('%s at %s, strength %f', async (dtype, precision, strength) => {
  const input = { description: `Write the words in reverse, as ${dtype}.` };
  const response = await server.send('/v1/adapters', { ...input, dtype, precision, strength });
  expect(response.status).toBe(201);
  const document = (await response.json()) as {
    id: string;
    files: Record<string, { bytes: number; sha256: string }>;
  };
  expect(document.id).toBe(
    await adapterId({ digest: bundle.digest, precision, dtype, strength, input }),
  );
  const produced = await produceRecipe(bundle, { input, precision, dtype, strength }, {});
  for (const { name, bytes, sha256 } of produced.files) {
    expect(document.files[name]).toMatchObject({ bytes: bytes.length, sha256 });
  }
});
