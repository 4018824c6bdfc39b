/**
 * Gram matrices of narrow factors: the products of every row with every other.
 *
 * Four rows are taken with four at a time, so that a value is read once for four sums. Each sum is taken in
 * order, as one row with one other would be: the bits do not depend on the tiles. It is that much quicker
 * where it matters, in an isolate that has just begun and runs the loop uncompiled.
 */

const TILE = 4;

/** Rows that lie in memory in some way. */
export interface Rows {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
  /** From a value to the one in the next row, */
  readonly nextRow: number;
  /** and to the one in the next column. */
  readonly nextColumn: number;
}

/** The lower triangle of X X', [rows, rows]; what is above it is not to be read. */
export function gram(x: Rows): Float64Array {
  const { rows } = x;
  const sums = new Float64Array(rows * rows);
  for (let i = 0; i < rows; i += TILE) {
    for (let j = 0; j <= i; j += TILE) {
      if (i + TILE <= rows) {
        tile(x, i, j, sums);
      } else {
        edge(x, i, j, sums);
      }
    }
  }
  return sums;
}

/** Four rows with four; j is at most i, so both are whole. */
function tile(x: Rows, i: number, j: number, sums: Float64Array): void {
  const { values, rows, columns, nextRow, nextColumn } = x;
  let p0 = i * nextRow;
  let q0 = j * nextRow;
  const [second, third, fourth] = [nextRow, 2 * nextRow, 3 * nextRow];
  let s00 = 0;
  let s01 = 0;
  let s02 = 0;
  let s03 = 0;
  let s10 = 0;
  let s11 = 0;
  let s12 = 0;
  let s13 = 0;
  let s20 = 0;
  let s21 = 0;
  let s22 = 0;
  let s23 = 0;
  let s30 = 0;
  let s31 = 0;
  let s32 = 0;
  let s33 = 0;
  for (let k = 0; k < columns; k++, p0 += nextColumn, q0 += nextColumn) {
    const a0 = values[p0] as number;
    const a1 = values[p0 + second] as number;
    const a2 = values[p0 + third] as number;
    const a3 = values[p0 + fourth] as number;
    let b = values[q0] as number;
    s00 += a0 * b;
    s10 += a1 * b;
    s20 += a2 * b;
    s30 += a3 * b;
    b = values[q0 + second] as number;
    s01 += a0 * b;
    s11 += a1 * b;
    s21 += a2 * b;
    s31 += a3 * b;
    b = values[q0 + third] as number;
    s02 += a0 * b;
    s12 += a1 * b;
    s22 += a2 * b;
    s32 += a3 * b;
    b = values[q0 + fourth] as number;
    s03 += a0 * b;
    s13 += a1 * b;
    s23 += a2 * b;
    s33 += a3 * b;
  }
  sums.set([s00, s01, s02, s03], i * rows + j);
  sums.set([s10, s11, s12, s13], (i + 1) * rows + j);
  sums.set([s20, s21, s22, s23], (i + 2) * rows + j);
  sums.set([s30, s31, s32, s33], (i + 3) * rows + j);
}

/** The rows from i on, fewer than four, with up to four from j on. */
function edge(x: Rows, i: number, j: number, sums: Float64Array): void {
  const { values, rows, columns, nextRow, nextColumn } = x;
  for (let row = i; row < rows; row++) {
    for (let other = j; other <= row && other < j + TILE; other++) {
      let sum = 0;
      for (let k = 0, p = row * nextRow, q = other * nextRow; k < columns; k++) {
        sum += (values[p] as number) * (values[q] as number);
        p += nextColumn;
        q += nextColumn;
      }
      sums[row * rows + other] = sum;
    }
  }
}
