/** The order of llama.cpp's rows: the two directions undo each other, and it is that of the converter. */
import { expect, test } from 'vitest';
import { pairedRowOf, rowOfPaired } from '../../src/adapter/gguf-llama.ts';

const ROWS = Array.from({ length: 16 }, (_, row) => row);

test('rows of both halves of a head lie in turns, head by head', () => {
  // As `reshape(heads, 2, size / 2).swapaxes(1, 2)` of convert_hf_to_gguf.py has them.
  expect(ROWS.map((row) => rowOfPaired(row, 8))).toEqual([
    0, 4, 1, 5, 2, 6, 3, 7, 8, 12, 9, 13, 10, 14, 11, 15,
  ]);
});

test('one direction undoes the other', () => {
  for (const size of [2, 4, 8, 16]) {
    expect(ROWS.map((row) => pairedRowOf(rowOfPaired(row, size), size))).toEqual(ROWS);
  }
});
