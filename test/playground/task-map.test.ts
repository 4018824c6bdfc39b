/** Where a description is put on the map of training tasks. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { dotsOf, placeOf, type TaskMap, taskAt } from '../../src/playground/task-map.ts';

const MAP: TaskMap = {
  digest: 'ab'.repeat(32),
  side: 100,
  tasks: [
    ['words/sort', 10, 10],
    ['words/reverse', 90, 10],
    ['letters/count', 50, 90],
  ],
};

test('a description lies by the task that it is closest to, between those that it is equally close to', () => {
  const at = placeOf(MAP, [
    { task: 'words/sort', similarity: 0.9 },
    { task: 'words/reverse', similarity: 0.5 },
  ]);
  expect(at?.x).toBeCloseTo(10, 3);
  const between = placeOf(MAP, [
    { task: 'words/sort', similarity: 0.7 },
    { task: 'words/reverse', similarity: 0.7 },
    { task: 'another', similarity: 0.99 },
  ]);
  expect(between?.x).toBeCloseTo(50, 3);
  expect(between?.y).toBeCloseTo(10, 3);
  expect(placeOf(MAP, [{ task: 'another', similarity: 0.9 }])).toBeUndefined();
  expect(placeOf(MAP, [])).toBeUndefined();
  expect(placeOf(MAP, [{ task: 'words/sort', similarity: -0.2 }])?.x).toBeCloseTo(10, 3);
});

test('the pointer finds the closest task within reach, and none elsewhere', () => {
  expect(taskAt(MAP, { x: 14, y: 12 }, 20)).toBe('words/sort');
  expect(taskAt(MAP, { x: 50, y: 40 }, 20)).toBeUndefined();
});

test('every task is a dot', () => {
  expect(dotsOf(MAP.tasks)).toBe('M10 10h0M90 10h0M50 90h0');
});

test('the page knows the maps of the bundles that ship', async () => {
  const assets = join(import.meta.dirname, '../../src/assets');
  const index = JSON.parse(await readFile(join(assets, 'hypernets/index.json'), 'utf8'));
  const maps = JSON.parse(await readFile(join(assets, 'maps/index.json'), 'utf8'));
  expect(JSON.stringify(index)).toContain('t2l-mini');
  for (const name of Object.values<string>(maps)) {
    const [, bundle, version] = /^(.+)-(\d+\.\d+\.\d+)\.json\.gz$/.exec(name) ?? [];
    const packed = await readFile(join(assets, 'maps', name));
    const map = JSON.parse(gunzipSync(packed).toString()) as TaskMap;
    expect(maps[map.digest]).toBe(name);
    const manifest = join(assets, 'hypernets', `${bundle}`, `${version}`, 'manifest.json');
    expect(map.tasks.map(([task]) => task)).toEqual(
      JSON.parse(await readFile(manifest, 'utf8')).fit.tasks,
    );
  }
});
