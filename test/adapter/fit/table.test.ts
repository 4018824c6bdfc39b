import { expect, test } from 'vitest';
import { type Matrix, times } from '../../../src/adapter/fit/matrix.ts';
import { parseFitTable } from '../../../src/adapter/fit/table.ts';
import { FITS, fitNamed } from '../../fixtures/fit-vectors.ts';

test('a fit file of another size is refused', () => {
  for (const { bytes, ...spec } of FITS) {
    for (const other of [bytes.subarray(2), Uint8Array.of(...bytes, 0, 0)]) {
      expect(() => parseFitTable(spec, other)).toThrow(
        `${other.length} bytes where ${bytes.length}`,
      );
    }
  }
});

test('every matrix of the file is where the formula looks for it', () => {
  const { bytes, ...spec } = fitNamed('whole');
  const { rows, calibration } = parseFitTable(spec, bytes);
  const { likenesses, projection, layer, reader } = calibration ?? {};
  const shapes = [rows, likenesses, projection, layer?.entries, layer?.weight, reader].map(
    (matrix) => [matrix?.rows, matrix?.columns],
  );
  expect(shapes).toEqual([
    [5, 6],
    [5, 5],
    [5, 16],
    [5, 4],
    [4, 6],
    [5, 6],
  ]);
  // Rows of tasks are unit rows: another offset would give others.
  for (const matrix of [rows, likenesses, layer?.entries] as Matrix[]) {
    const squares = { ...matrix, values: matrix.values.map((value) => value * value) };
    for (const length of times(squares, new Array(matrix.columns).fill(1))) {
      expect(length).toBeCloseTo(1, 2);
    }
  }
});

test('the file may lie anywhere in a buffer', () => {
  const { bytes, ...spec } = fitNamed('whole');
  const moved = new Uint8Array(bytes.length + 1);
  moved.set(bytes, 1);
  expect(parseFitTable(spec, moved.subarray(1))).toEqual(parseFitTable(spec, bytes));
});
