/** What is remembered of rows: the latest that were read, and no more than the memory has room for. */
import { expect, test } from 'vitest';
import { createRecorded, forgetting } from '../../src/store/recorded.ts';
import type { StoredFile } from '../../src/store/schema.ts';
import { adapterRow, idOf } from './row.ts';

test('the adapters that were read last are remembered, until they are forgotten', () => {
  const recorded = createRecorded(2);
  const row = (digit: string) => adapterRow({ id: idOf(digit) });
  const [first, second, third] = [row('1'), row('2'), row('3')];
  recorded.note(first);
  recorded.note(second);
  expect(recorded.of(idOf('1'))).toEqual(first.files);
  recorded.note(third);
  expect(recorded.of(idOf('2'))).toBeUndefined();
  expect(recorded.of(idOf('1'))).toEqual(first.files);
  recorded.forget(idOf('1'));
  expect(recorded.of(idOf('1'))).toBeUndefined();
  expect(recorded.of(idOf('3'))).toEqual(third.files);
});

test('an adapter that was there is believed to be there for a minute, and its tag as long', () => {
  let now = 0;
  const recorded = createRecorded(2, () => now);
  const row = adapterRow({ id: idOf('1') });
  recorded.noteTag(row.id, 'http://here', '"early"');
  expect(recorded.tagOf(row.id, 'http://here')).toBeUndefined();
  recorded.note(row);
  recorded.noteTag(row.id, 'http://here', '"tag"');
  now = 40_000;
  recorded.note(row);
  expect(recorded.tagOf(row.id, 'http://here')).toEqual({ tag: '"tag"', until: 60_000 });
  expect(recorded.tagOf(row.id, 'http://there')).toBeUndefined();
  now = 70_000;
  expect(recorded.seen(row.id)).toEqual(row.files);
  expect(recorded.tagOf(row.id, 'http://here')).toBeUndefined();
  now = 100_000;
  expect(recorded.seen(row.id)).toBeUndefined();
  expect(recorded.of(row.id)).toEqual(row.files);
});

test('files that were seen one by one are remembered together', () => {
  const recorded = createRecorded();
  const [first, second] = ['a', 'b'].map((name) => ({
    name,
    contentType: 'text/plain',
    bytes: 1,
    sha256: 'e'.repeat(64),
  })) as [StoredFile, StoredFile];
  recorded.note({ id: idOf('1'), files: [first] });
  recorded.note({ id: idOf('1'), files: [second] });
  recorded.note({ id: idOf('1'), files: [{ ...first, bytes: 2 }] });
  expect(recorded.of(idOf('1'))).toEqual([{ ...first, bytes: 2 }, second]);
});

test('a read that began before a removal does not bring the adapter back', () => {
  let now = 0;
  const recorded = createRecorded(2, () => now);
  const row = adapterRow({ id: idOf('1') });
  recorded.note(row);
  recorded.noteTag(row.id, 'http://here', '"tag"');
  recorded.forget(row.id);
  recorded.note(row);
  recorded.noteTag(row.id, 'http://here', '"tag"');
  expect(recorded.seen(row.id)).toBeUndefined();
  expect(recorded.tagOf(row.id, 'http://here')).toBeUndefined();
  now = 60_000;
  recorded.note(row);
  expect(recorded.seen(row.id)).toEqual(row.files);
});

test('only so many addresses of an endpoint have tags', () => {
  const recorded = createRecorded();
  recorded.note(adapterRow({ id: idOf('1') }));
  const addresses = ['a', 'b', 'c', 'd', 'e'].map((host) => `http://${host}`);
  for (const address of addresses) {
    recorded.noteTag(idOf('1'), address, '"tag"');
  }
  const known = addresses.filter((address) => recorded.tagOf(idOf('1'), address));
  expect(known).toEqual(addresses.slice(1));
});

test('whoever removes or lists a row has it forgotten', async () => {
  const recorded = createRecorded();
  const calls: string[] = [];
  const rows = forgetting(
    {
      enlist: async (id: string) => void calls.push(`enlist ${id[0]}`),
      remove: async (id: string) => calls.push(`remove ${id[0]}`) > 0,
    },
    recorded,
  );
  for (const work of [rows.enlist, rows.remove]) {
    recorded.note(adapterRow({ id: idOf('1') }));
    await work(idOf('1'));
    expect(recorded.of(idOf('1'))).toBeUndefined();
  }
  expect(calls).toEqual(['enlist 1', 'remove 1']);
});
