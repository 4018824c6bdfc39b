/** What is wanted of an adapter besides, and who is asked about its description: in which order, and when not. */
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, beforeEach, expect, test } from 'vitest';
import { T2lError } from '../../src/contract/errors.ts';
import { localCatalog } from '../../src/local/catalog.ts';
import { localEffects } from '../../src/local/pipeline.ts';
import type { PipelineEffects } from '../../src/pipeline/effects.ts';
import { type AdapterRequest, generateAdapter } from '../../src/pipeline/generate.ts';
import type { Catalog } from '../../src/store/catalog.ts';
import { temporaryFolder } from '../cli/command.ts';

const DESCRIPTION = 'Reverse the order of the words.';
/** At which nothing of t2l-mini works. */
const UNFIT = { strength: -1 };

let catalog: Catalog;
let data: string;
let done: string[];
let effects: PipelineEffects;

beforeAll(async () => {
  catalog = await localCatalog();
});

beforeEach(() => {
  data = temporaryFolder();
  done = [];
  const all = localEffects(catalog, { data });
  effects = {
    ...all,
    admit: async () => {
      done.push('admit');
    },
    moderate: async (description) => {
      done.push(`moderate ${description}`);
    },
    produce: (bundle, recipe) => {
      done.push('produce');
      return all.produce(bundle, recipe);
    },
  };
});

function request(more: Partial<AdapterRequest> = {}): AdapterRequest {
  return {
    input: { description: DESCRIPTION },
    hypernet: undefined,
    dtype: 'float16',
    precision: undefined,
    strength: 1,
    ...more,
  };
}

async function expectNothingStored(): Promise<void> {
  for (const place of ['rows', 'adapters']) {
    const left = await readdir(join(data, place)).catch(() => []);
    expect([place, left]).toEqual([place, []]);
  }
}

test('moderation is asked of new descriptions: after admission, before anything is made', async () => {
  await generateAdapter(request(), effects);
  expect(done).toEqual(['admit', `moderate ${DESCRIPTION}`, 'produce']);
  await generateAdapter(request(), effects);
  expect(done).toHaveLength(3);
  // Another strength is another adapter.
  await generateAdapter(request({ strength: 0.5 }), effects);
  expect(done.slice(3)).toEqual(['admit', `moderate ${DESCRIPTION}`, 'produce']);
});

test('an embedding has nothing to be asked about', async () => {
  const embedding = new Float32Array(384).fill(0.05);
  await generateAdapter(request({ input: { embedding } }), effects);
  expect(done).toEqual(['admit', 'produce']);
});

test('what is refused, or could not be decided, is not made and leaves nothing', async () => {
  for (const code of ['moderation_refused', 'moderation_unavailable'] as const) {
    const moderate = () => Promise.reject(new T2lError(code, 'No.'));
    await expect(generateAdapter(request(), { ...effects, moderate })).rejects.toMatchObject({
      code,
    });
  }
  expect(done).toEqual(['admit', 'admit']);
  await expectNothingStored();
});

test('what is unfit is made, unless the request wants none of that', async () => {
  const picky = request({ ...UNFIT, allowUnfit: false });
  const refused = await generateAdapter(picky, effects).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(T2lError);
  const { code, status, detail, extra } = refused as T2lError;
  expect([code, status]).toEqual(['adapter_unfit', 422]);
  expect(detail).toMatch(
    /^The fit is unfit \(score 0\), do not expect the adapter to work: made for strength 1: .*\. Ask for .*allow_unfit true/,
  );
  expect(extra.fit).toMatchObject({ verdict: 'unfit', score: 0, reason: { code: 'strength' } });
  await expectNothingStored();

  const { row, known } = await generateAdapter(request(UNFIT), effects);
  expect([known, row.fit.verdict]).toEqual([false, 'unfit']);
  // A known one is no better.
  await expect(generateAdapter(picky, effects)).rejects.toMatchObject({ code, detail });
  expect(await generateAdapter(request({ ...UNFIT, allowUnfit: true }), effects)).toEqual({
    row,
    known: true,
  });
  // And what is fit is made for the picky as well.
  expect(await generateAdapter(request({ allowUnfit: false }), effects)).toMatchObject({
    known: false,
  });
});

test('an adapter has one id and the same bytes, listed or not, and only one way leads out of the dark', async () => {
  const hidden = await generateAdapter(request({ unlisted: true }), effects);
  expect(hidden).toMatchObject({ known: false, row: { unlisted: true, searchText: null } });
  const { id, files } = hidden.row;
  const listed = async () => (await effects.adapters.list({ limit: 5 })).rows.length;
  for (const unlisted of [undefined, true]) {
    expect(await generateAdapter(request({ unlisted }), effects)).toEqual({
      row: hidden.row,
      known: true,
    });
    expect(await listed()).toBe(0);
  }
  const shown = await generateAdapter(request({ unlisted: false }), effects);
  const searchText = hidden.row.unlistedText;
  expect(shown).toEqual({
    row: { ...hidden.row, unlisted: false, searchText, unlistedText: null },
    known: true,
  });
  expect([shown.row.id, shown.row.files]).toEqual([id, files]);
  for (const unlisted of [undefined, true, false]) {
    expect(await generateAdapter(request({ unlisted }), effects)).toEqual(shown);
    expect(await listed()).toBe(1);
  }
});

test('whoever is overtaken by a request that leaves it out of lists has it listed all the same', async () => {
  const slow: PipelineEffects = {
    ...effects,
    produce: async (bundle, recipe) => {
      const produced = await effects.produce(bundle, recipe);
      await generateAdapter(request({ unlisted: true }), effects);
      return produced;
    },
  };
  const { row, known } = await generateAdapter(request({ unlisted: false }), slow);
  expect([row.unlisted, known]).toEqual([false, true]);
});
