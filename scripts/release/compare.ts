/** Measures of how well two runtimes agree. */

/** Every `stride`-th value, as the exporter thins large tensors. */
export function thinned(values: Float32Array, limit: number): Float32Array {
  const stride = Math.ceil(values.length / limit);
  return Float32Array.from({ length: Math.ceil(values.length / stride) }, (_, i) =>
    Number(values[i * stride]),
  );
}

/** The largest difference, as a part of the largest reference value; NaN if there is one. */
export function relativeError(values: Float32Array, reference: Float32Array): number {
  if (values.length !== reference.length) {
    throw new Error(`${values.length} values are compared with ${reference.length}`);
  }
  let difference = 0;
  let largest = 0;
  for (let i = 0; i < values.length; i++) {
    // Math.max keeps a NaN, so that it cannot pass for agreement.
    difference = Math.max(difference, Math.abs((values[i] as number) - (reference[i] as number)));
    largest = Math.max(largest, Math.abs(reference[i] as number));
  }
  return difference === 0 ? 0 : difference / largest;
}

/** Cosine of two vectors; 1 if both are zero, NaN if they are of different lengths. */
export function cosine(x: Float32Array, y: Float32Array): number {
  let [product, left, right] = [0, 0, 0];
  for (let i = 0; i < Math.max(x.length, y.length); i++) {
    const [a, b] = [x[i] ?? Number.NaN, y[i] ?? Number.NaN];
    product += a * b;
    left += a * a;
    right += b * b;
  }
  return left === 0 && right === 0 ? 1 : product / Math.sqrt(left * right);
}
