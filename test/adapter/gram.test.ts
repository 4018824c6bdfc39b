import { expect, test } from 'vitest';
import { uniform } from '../../scripts/command.ts';
import { gram } from '../../src/adapter/gram.ts';

/** The sums that one loop for every pair would take. */
function plain(values: Float32Array, rows: number, columns: number): number[] {
  const sums: number[] = [];
  for (let i = 0; i < rows; i++) {
    for (let j = 0; j <= i; j++) {
      let sum = 0;
      for (let k = 0; k < columns; k++) {
        sum += (values[i * columns + k] as number) * (values[j * columns + k] as number);
      }
      sums.push(sum);
    }
  }
  return sums;
}

function lowerTriangle(sums: Float64Array, rows: number): number[] {
  return [...sums].filter((_, place) => place % rows <= Math.floor(place / rows));
}

test.each([1, 2, 3, 4, 5, 6, 7, 8, 9, 16])(
  'the sums of %i rows are those of one loop a pair, to the last bit, whichever way the rows lie',
  (rows) => {
    const next = uniform(rows);
    const columns = 33;
    const values = Float32Array.from({ length: rows * columns }, () => next() - 0.5);
    const turned = new Float32Array(rows * columns);
    values.forEach((value, place) => {
      turned[(place % columns) * rows + Math.floor(place / columns)] = value;
    });
    const expected = plain(values, rows, columns);
    const lying = gram({ values, rows, columns, nextRow: columns, nextColumn: 1 });
    const standing = gram({ values: turned, rows, columns, nextRow: 1, nextColumn: rows });
    expect(lowerTriangle(lying, rows)).toEqual(expected);
    expect(lowerTriangle(standing, rows)).toEqual(expected);
  },
);
