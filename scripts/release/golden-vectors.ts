/**
 * Reading the golden vectors of a bundle: tensors [descriptions, ...] that PyTorch wrote at export, the
 * inputs and the outputs of the bundle's graphs for each description.
 */
import type { StoredTensor } from '../../src/adapter/safetensors.ts';
import { T2lError } from '../../src/contract/errors.ts';

/** The tensors by name. */
export type GoldenVectors = ReadonlyMap<string, StoredTensor>;

/** Row `index` of a tensor of floats. */
export function float32Row(golden: GoldenVectors, name: string, index: number): Float32Array {
  return new Float32Array(rowBytes(golden, name, 'F32', index));
}

/** Row `index` of a tensor of whole numbers. */
export function int64Row(golden: GoldenVectors, name: string, index: number): number[] {
  return Array.from(new BigInt64Array(rowBytes(golden, name, 'I64', index)), Number);
}

function rowBytes(
  golden: GoldenVectors,
  name: string,
  dtype: StoredTensor['dtype'],
  index: number,
): ArrayBuffer {
  const tensor = golden.get(name);
  if (tensor?.dtype !== dtype || index >= (tensor.shape[0] ?? 0)) {
    throw goldenMismatch(`the golden vectors have no ${dtype} tensor ${name} with row ${index}`);
  }
  const size = tensor.data.length / (tensor.shape[0] as number);
  return tensor.data.slice(index * size, (index + 1) * size).buffer;
}

/** The error of a bundle that does not give what its golden vectors say. */
export function goldenMismatch(problem: string): T2lError {
  return new T2lError('golden_mismatch', `In workerd, ${problem}.`);
}
