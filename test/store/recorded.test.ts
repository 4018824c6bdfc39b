/** What is remembered of rows: the latest that were read, and no more than the memory has room for. */
import { expect, test } from 'vitest';
import { createRecorded } from '../../src/store/recorded.ts';
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
