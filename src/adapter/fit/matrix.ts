/** Matrices and vectors of fit: stored as float32, summed as float64. */

/** Row-major. */
export interface Matrix {
  readonly values: Float32Array;
  readonly rows: number;
  readonly columns: number;
}

/** What a vector may be kept in. */
export type Vector = Float64Array | Float32Array | readonly number[];

/** The product of every row with a vector, [rows]. */
export function times(matrix: Matrix, vector: Vector): Float64Array {
  const { values, rows, columns } = matrix;
  const products = new Float64Array(rows);
  const whole = rows - (rows % ROWS_AT_ONCE);
  for (let row = 0; row < whole; row += ROWS_AT_ONCE) {
    timesFour(matrix, vector, row, products);
  }
  for (let row = whole, p = row * columns; row < rows; row++) {
    let sum = 0;
    for (let k = 0; k < columns; k++, p++) {
      sum += (values[p] as number) * (vector[k] as number);
    }
    products[row] = sum;
  }
  return products;
}

/** Rows that share a reading of the vector; each sum is taken in order, as that of one row would be. */
const ROWS_AT_ONCE = 4;

function timesFour(
  { values, columns }: Matrix,
  vector: Vector,
  row: number,
  products: Float64Array,
): void {
  let a = 0;
  let b = 0;
  let c = 0;
  let d = 0;
  const [second, third, fourth] = [columns, 2 * columns, 3 * columns];
  for (let k = 0, p = row * columns; k < columns; k++, p++) {
    const value = vector[k] as number;
    a += (values[p] as number) * value;
    b += (values[p + second] as number) * value;
    c += (values[p + third] as number) * value;
    d += (values[p + fourth] as number) * value;
  }
  products[row] = a;
  products[row + 1] = b;
  products[row + 2] = c;
  products[row + 3] = d;
}

/** The product of two vectors, as long as the first. */
export function along(direction: Vector, vector: Vector): number {
  let sum = 0;
  for (let k = 0; k < direction.length; k++) {
    sum += (direction[k] as number) * (vector[k] as number);
  }
  return sum;
}

/** A vector made unit length; one of zeros stays. */
export function unitOf(vector: Vector): Float64Array {
  const length = Math.sqrt(along(vector, vector)) || 1;
  return Float64Array.from(vector, (value) => value / length);
}

/** The place of the largest value; the first of equal ones. */
export function largestAt(values: Vector): number {
  let best = 0;
  for (let place = 1; place < values.length; place++) {
    if ((values[place] as number) > (values[best] as number)) {
      best = place;
    }
  }
  return best;
}

/** softmax(values / temperature); at a low temperature nothing overflows. */
export function softmax(values: Float64Array, temperature: number): Float64Array {
  const largest = values[largestAt(values)] as number;
  const shares = values.map((value) => Math.exp((value - largest) / temperature));
  const total = shares.reduce((sum, share) => sum + share, 0);
  return shares.map((share) => share / total);
}

/** The logistic function. */
export function sigmoid(value: number): number {
  return 1 / (1 + Math.exp(-value));
}
