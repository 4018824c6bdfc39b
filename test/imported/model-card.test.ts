/**
 * The card of a real adapter, read by the programs that it is written for: huggingface_hub and a YAML
 * parser take its front matter, a Markdown renderer shows a hostile description as text, and the
 * Python in it runs as it stands.
 */
import { execFileSync } from 'node:child_process';
import { cp, mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { adapterId } from '../../src/contract/adapter-id.ts';
import { cardFile } from '../../src/pipeline/card-file.ts';
import { produceRecipe } from '../../src/pipeline/produce-recipe.ts';
import { assetBundles } from '../fixtures/assets.ts';
import { openDefaultBundle } from '../fixtures/default-bundle.ts';

const ROOT = join(import.meta.dirname, '../..');
const DESCRIPTION =
  '1. <img src=x onerror=alert(1)> [a](https://b.example) ![c](d) `e` ```f``` | g --- license: mit';

const vector = z.array(z.number());
const readSchema = z.object({
  card: z.record(z.string(), z.unknown()),
  yaml: z.record(z.string(), z.unknown()),
  quotation: z.string(),
  tags: z.array(z.string()),
  logits: z.object({ PEFT: vector, transformers: vector, base: vector }),
});

let folder: string;
let base: { readonly id: string; readonly license: string };
let read: z.infer<typeof readSchema>;

beforeAll(async () => {
  const bundle = await openDefaultBundle(assetBundles);
  const { precision, target } = bundle.manifest;
  base = target.base_model;
  const input = { description: DESCRIPTION };
  const dtype = 'float32';
  const strength = 1;
  const { files, ...made } = await produceRecipe(bundle, { input, precision, dtype, strength }, {});
  folder = await mkdtemp(join(tmpdir(), 't2l-card-'));
  await mkdir(join(folder, 'adapter'));
  const { digest, manifest } = bundle;
  const id = await adapterId({ digest, precision, dtype, strength, input });
  const card = await cardFile({ ...made, id, manifest, digest, input, precision, dtype, strength });
  for (const { name, bytes } of [...files, card]) {
    await writeFile(join(folder, 'adapter', name), bytes);
  }
  await mkdir(join(folder, dirname(base.id)), { recursive: true });
  const name = base.id.split('/').at(-1) ?? '';
  await cp(join(ROOT, 'src/assets/base-models', name), join(folder, base.id), { recursive: true });
  const output = execFileSync(
    join(ROOT, 'training/.venv/bin/python'),
    [join(import.meta.dirname, 'read_card.py'), folder],
    { encoding: 'utf8', stdio: ['ignore', 'pipe', 'inherit'] },
  );
  read = readSchema.parse(JSON.parse(output));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

test('huggingface_hub and PyYAML read the same front matter', () => {
  expect(read.card).toEqual(read.yaml);
  expect(read.card).toMatchObject({
    base_model: base.id,
    license: base.license,
    library_name: 'peft',
    pipeline_tag: 'text-generation',
  });
});

test('a renderer shows the description as it was written', () => {
  const unescaped = read.quotation
    .replaceAll('&lt;', '<')
    .replaceAll('&gt;', '>')
    .replaceAll('&amp;', '&');
  expect(unescaped).toBe(DESCRIPTION);
  for (const tag of ['img', 'a', 'script']) {
    expect(read.tags).not.toContain(tag);
  }
});

test('its Python loads the adapter, with PEFT and with transformers alone', () => {
  const { PEFT, transformers, base: without } = read.logits;
  const distance = (other: number[]) =>
    Math.max(...PEFT.map((value, index) => Math.abs(value - (other[index] as number))));
  // The base model is in float16, whose steps are 0.008 where logits are over 8.
  expect(distance(transformers)).toBeLessThan(0.05);
  expect(distance(without)).toBeGreaterThan(0.5);
});
