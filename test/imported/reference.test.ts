/**
 * Checkpoints that the reference implementation saved, imported and run by the endpoint in workerd:
 * the adapter it serves is the LoRA that the reference makes, at the strength it was trained with.
 */
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { z } from 'zod';
import { readBundleFolder } from '../../scripts/release/folder.ts';
import { readSafetensors } from '../../src/adapter/safetensors.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const FOLDER = inject('imported');
/** Of a tensor's largest value: two runtimes round differently. */
const TOLERANCE = 1e-5;
const PREFIX = 'base_model.model.model.layers.';

const caseSchema = z.object({
  bundle: z.string(),
  digest: z.string(),
  expected: z.string(),
  scaling: z.number(),
  stride: z.number().nullable(),
  modules: z.array(z.string()),
});
type Case = z.infer<typeof caseSchema>;
type Tensors = ReadonlyMap<string, Float32Array>;

const cases = z
  .array(caseSchema)
  .parse(JSON.parse(readFileSync(join(FOLDER, 'cases.json'), 'utf8')));

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(async () => {
  await server.close();
});

function floats(file: Uint8Array): Tensors {
  return new Map(
    [...readSafetensors(file)].map(([name, { data }]) => [
      name,
      new Float32Array(new Uint8Array(data).buffer),
    ]),
  );
}

async function register({ bundle, digest }: Case): Promise<void> {
  const folder = await readBundleFolder(join(FOLDER, 'hypernets', bundle, '1.0.0'));
  for (const { key, path } of folder.files) {
    await server.env.HYPERNETS.put(key, await readFile(path));
  }
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  const response = await server.send(
    '/v1/hypernets',
    { name: bundle, version: '1.0.0', digest },
    { headers },
  );
  expect(await response.text()).toContain(digest);
}

async function served(
  { digest }: Case,
  embedding: Float32Array,
  precision: string,
): Promise<{ tensors: Tensors; sha256: string | undefined }> {
  const request = { embedding: [...embedding], hypernet: digest, dtype: 'float32', precision };
  const answer = await (await server.send('/v1/adapters', request)).json();
  const document = adapterSchema.safeParse(answer).data ?? failed(answer);
  const file = document.files['adapter_model.safetensors'];
  const bytes = await (
    await server.fetch(`/v1/adapters/${document.id}/adapter_model.safetensors`)
  ).arrayBuffer();
  return { tensors: floats(new Uint8Array(bytes)), sha256: file?.sha256 };
}

function failed(answer: unknown): never {
  throw new Error(`no adapter was made: ${JSON.stringify(answer)}`);
}

function inputs(expected: Tensors): Float32Array[] {
  const all = expected.get('input') as Float32Array;
  const dim = all.length / 2;
  return [all.subarray(0, dim), all.subarray(dim)];
}

/** Largest difference as a part of the largest value. */
function error(found: ArrayLike<number>, right: ArrayLike<number>, factor: number): number {
  expect(found.length).toBe(right.length);
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < right.length; i++) {
    const wanted = (right[i] as number) * factor;
    difference = Math.max(difference, Math.abs((found[i] as number) - wanted));
    largest = Math.max(largest, Math.abs(wanted));
  }
  return difference / largest;
}

/** The layers of one module and side, one after the other. */
function stacked(tensors: Tensors, module: string, side: string): number[] {
  const names = [...tensors.keys()].filter(
    (name) => name.includes(`.${module}.`) && name.endsWith(`.lora_${side}.weight`),
  );
  const layer = (name: string) => Number(name.slice(PREFIX.length).split('.')[0]);
  return names
    .sort((a, b) => layer(a) - layer(b))
    .flatMap((name) => [...(tensors.get(name) as Float32Array)]);
}

function compare(
  { scaling, stride, modules }: Case,
  tensors: Tensors,
  expected: Tensors,
  n: number,
): void {
  if (stride !== null) {
    for (const module of modules) {
      for (const side of ['A', 'B']) {
        const right = expected.get(`${n}/${module}.${side}`) as Float32Array;
        const found = stacked(tensors, module, side).filter((_, i) => i % stride === 0);
        expect(error(found, right, side === 'B' ? scaling : 1)).toBeLessThan(TOLERANCE);
      }
    }
    return;
  }
  const names = [...expected.keys()].filter((name) => name.startsWith(`${n}/`));
  expect(names.map((name) => name.slice(2)).sort()).toEqual([...tensors.keys()].sort());
  for (const name of names) {
    const found = tensors.get(name.slice(2)) as Float32Array;
    const factor = name.endsWith('lora_B.weight') ? scaling : 1;
    expect(error(found, expected.get(name) as Float32Array, factor)).toBeLessThan(TOLERANCE);
  }
}

test.each(cases.map((one) => [one.bundle, one] as const))(
  '%s gives the LoRA of the reference',
  async (_name, one) => {
    await register(one);
    const file = await readFile(join(FOLDER, 'expected', `${one.expected}.safetensors`));
    const expected = floats(file);
    for (const [n, embedding] of inputs(expected).entries()) {
      compare(one, (await served(one, embedding, 'float32')).tensors, expected, n);
    }
  },
);

test.each(['float32', 'int8'])(
  'a bundle in chunks gives the bytes of a whole one in %s',
  async (precision) => {
    const whole = cases.filter(({ bundle }) => bundle.endsWith('-whole'));
    expect(whole.length).toBeGreaterThan(1);
    for (const one of whole) {
      const twin = cases.find(({ bundle }) => bundle === one.bundle.replace('-whole', '-chunked'));
      const expected = floats(
        await readFile(join(FOLDER, 'expected', `${one.expected}.safetensors`)),
      );
      for (const embedding of inputs(expected)) {
        const first = await served(one, embedding, precision);
        const second = await served(twin as Case, embedding, precision);
        expect(first.sha256).toMatch(/^[0-9a-f]{64}$/);
        expect(second.sha256).toBe(first.sha256);
      }
    }
  },
);
