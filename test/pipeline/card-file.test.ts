/** The wording of a card changes no adapter: not its id, not what is recorded of it, not its remaking. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { type CardFacts, modelCard } from '../../src/adapter/card.ts';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { localCatalog } from '../../src/local/catalog.ts';
import { localEffects } from '../../src/local/pipeline.ts';
import { adapterDocument } from '../../src/pipeline/adapter-document.ts';
import type { PipelineEffects } from '../../src/pipeline/effects.ts';
import { type AdapterRequest, generateAdapter } from '../../src/pipeline/generate.ts';
import { findFile } from '../../src/pipeline/layout-file.ts';
import type { AdapterRow } from '../../src/store/schema.ts';
import { keptFolder } from '../cli/command.ts';

const REQUEST: AdapterRequest = {
  input: { description: 'Reverse the order of the words.' },
  hypernet: undefined,
  dtype: 'float16',
  precision: undefined,
  strength: 1,
};

let data: string;
let effects: PipelineEffects;
let row: AdapterRow;

beforeAll(async () => {
  data = keptFolder();
  effects = localEffects(await localCatalog(), { data });
  ({ row } = await generateAdapter(REQUEST, effects));
  return () => rm(data, { recursive: true });
});

/** The same card in another wording. */
function reworded(facts: CardFacts) {
  const text = new TextDecoder().decode(modelCard(facts).bytes);
  const bytes = new TextEncoder().encode(
    text.replace('The weights were not trained', 'Nobody trained'),
  );
  return { ...modelCard(facts), bytes };
}

async function read(of: AdapterRow, name: string, by: PipelineEffects) {
  const file = await findFile(of, name, undefined, by);
  const bytes = await new Response((await file.read()) as BodyInit).arrayBuffer();
  return { ...file, sent: new Uint8Array(bytes) };
}

test('with another wording an adapter has the same id and the same recorded hashes', async () => {
  const other = keptFolder();
  const there = { ...localEffects(await localCatalog(), { data: other }), card: reworded };
  const made = await generateAdapter(REQUEST, there);
  await rm(other, { recursive: true });
  expect(made.row.id).toBe(row.id);
  expect(made.row.files).toEqual(row.files);
  expect(row.files.map(({ name }) => name)).toEqual([
    'adapter_model.safetensors',
    'adapter_config.json',
  ]);
});

test('the new wording shows at once, under an entity tag of its own', async () => {
  const [before, after] = [
    await read(row, 'README.md', effects),
    await read(row, 'README.md', { ...effects, card: reworded }),
  ];
  expect(new TextDecoder().decode(before.sent)).toContain('The weights were not trained');
  expect(new TextDecoder().decode(after.sent)).toContain('Nobody trained');
  for (const { sent, tag, bytes, lasting } of [before, after]) {
    expect([tag, bytes, lasting]).toEqual([await sha256Hex(sent), sent.length, false]);
  }
  expect(after.tag).not.toBe(before.tag);
});

test('an evicted row that recorded another card is made again, and its card is the present one', async () => {
  const card = {
    name: 'README.md',
    contentType: 'text/markdown',
    bytes: 7,
    sha256: 'e'.repeat(64),
  };
  await effects.adapters.remove(row.id);
  await effects.adapters.insert({ ...row, files: [...row.files, card] });
  await rm(join(data, 'adapters', row.id), { recursive: true });
  const old = (await effects.adapters.get(row.id)) as AdapterRow;
  expect(old.files).toHaveLength(3);
  for (const { name, sha256 } of row.files) {
    expect(await sha256Hex((await read(old, name, effects)).sent)).toBe(sha256);
  }
  const { sent } = await read(old, 'README.md', effects);
  expect(sent).toEqual((await read(row, 'README.md', effects)).sent);
  const [one, other] = [old, row].map((of) => adapterDocument(of, 'http://x', true, undefined));
  expect(one).toEqual(other);
});
