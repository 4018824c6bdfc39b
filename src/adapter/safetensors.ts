/**
 * The safetensors file format, written and read.
 *
 *   u64 LE header length | JSON header, padded with spaces so that data starts at a multiple of 8 | data
 *
 * Our writer fixes what the format leaves open, so that equal tensors give equal bytes: names in
 * code-unit order, metadata `{"format":"pt"}`. It lays the file out first and hands out a view per
 * tensor, so that weights are converted straight into the file without another copy.
 */
import { T2lError } from '../contract/errors.ts';
import { decodeBfloat16, decodeFloat16 } from './float16.ts';

/** Tensor types this project reads and writes. */
export type TensorDtype = 'F16' | 'BF16' | 'F32' | 'I64';

/** Name, type and shape of a tensor that is to be written. */
export interface TensorSpec {
  readonly name: string;
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
}

/** A tensor as it lies in a file; `data` is a view, little-endian and row-major. */
export interface StoredTensor {
  readonly dtype: TensorDtype;
  readonly shape: readonly number[];
  readonly data: Uint8Array;
}

/** Bytes of one element. */
export const DTYPE_BYTES: Readonly<Record<TensorDtype, number>> = {
  F16: 2,
  BF16: 2,
  F32: 4,
  I64: 8,
};

/** The cap that huggingface_hub and the JavaScript parsers use. */
const MAX_HEADER_BYTES = 25_000_000;
const LENGTH_BYTES = 8;
const ALIGNMENT = 8;
const METADATA_KEY = '__metadata__';

/** A file with its header written and its data still zero, and a view of each tensor's bytes. */
export function layoutSafetensors(specs: readonly TensorSpec[]): {
  file: Uint8Array;
  views: Map<string, Uint8Array>;
} {
  return planSafetensors(specs).allocate();
}

/** The size of the file that `layoutSafetensors` gives, and that file when it is wanted. */
export function planSafetensors(specs: readonly TensorSpec[]): {
  readonly bytes: number;
  allocate(): { file: Uint8Array; views: Map<string, Uint8Array> };
} {
  const sorted = [...specs].sort((a, b) => (a.name < b.name ? -1 : 1));
  const header: Record<string, unknown> = { [METADATA_KEY]: { format: 'pt' } };
  const offsets = new Map<string, readonly [number, number]>();
  let end = 0;
  for (const { name, dtype, shape } of sorted) {
    if (offsets.has(name)) {
      throw new Error(`duplicate tensor name ${name}`);
    }
    const begin = end;
    end += elements(shape) * DTYPE_BYTES[dtype];
    header[name] = { dtype, shape, data_offsets: [begin, end] };
    offsets.set(name, [begin, end]);
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const headerBytes = Math.ceil(json.length / ALIGNMENT) * ALIGNMENT;
  const dataStart = LENGTH_BYTES + headerBytes;
  return {
    bytes: dataStart + end,
    allocate() {
      const file = new Uint8Array(dataStart + end);
      new DataView(file.buffer).setBigUint64(0, BigInt(headerBytes), true);
      file.set(json, LENGTH_BYTES);
      file.fill(0x20, LENGTH_BYTES + json.length, dataStart);
      const views = new Map<string, Uint8Array>();
      for (const [name, [from, to]] of offsets) {
        views.set(name, file.subarray(dataStart + from, dataStart + to));
      }
      return { file, views };
    },
  };
}

/**
 * The tensors of a file, as views of its bytes.
 *
 * @throws T2lError `safetensors_invalid` if the file breaks a rule of the format
 */
export function readSafetensors(file: Uint8Array): Map<string, StoredTensor> {
  check(file.length >= LENGTH_BYTES, 'it is shorter than its length field');
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const headerBytes = Number(view.getBigUint64(0, true));
  check(headerBytes <= MAX_HEADER_BYTES, `its header is over ${MAX_HEADER_BYTES} bytes`);
  const dataStart = LENGTH_BYTES + headerBytes;
  check(dataStart <= file.length, 'its header is cut off');
  const { [METADATA_KEY]: _metadata, ...entries } = parseHeader(
    file.subarray(LENGTH_BYTES, dataStart),
  );
  const tensors = new Map<string, StoredTensor>();
  let expected = 0;
  const ordered = Object.entries(entries).map(([name, entry]) => ({
    name,
    ...parseEntry(name, entry),
  }));
  ordered.sort((a, b) => a.begin - b.begin || a.end - b.end);
  for (const { name, dtype, shape, begin, end } of ordered) {
    check(begin === expected, `tensor ${name} does not start where the previous one ends`);
    check(end - begin === elements(shape) * DTYPE_BYTES[dtype], `tensor ${name} has a wrong size`);
    check(dataStart + end <= file.length, `tensor ${name} is cut off`);
    tensors.set(name, { dtype, shape, data: file.subarray(dataStart + begin, dataStart + end) });
    expected = end;
  }
  check(dataStart + expected === file.length, 'it has bytes after the last tensor');
  return tensors;
}

function parseHeader(bytes: Uint8Array): Record<string, unknown> {
  let header: unknown;
  try {
    header = JSON.parse(new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes));
  } catch {
    throw invalid('its header is not JSON');
  }
  check(
    typeof header === 'object' && header !== null && !Array.isArray(header),
    'its header is not an object',
  );
  return header as Record<string, unknown>;
}

function parseEntry(
  name: string,
  entry: unknown,
): { dtype: TensorDtype; shape: number[]; begin: number; end: number } {
  const { dtype, shape, data_offsets: offsets } = (entry ?? {}) as Record<string, unknown>;
  check(
    typeof dtype === 'string' && Object.hasOwn(DTYPE_BYTES, dtype),
    `tensor ${name} has dtype ${String(dtype)}`,
  );
  check(isCounts(shape), `tensor ${name} has a malformed shape`);
  check(isCounts(offsets) && offsets.length === 2, `tensor ${name} has malformed offsets`);
  const [begin, end] = offsets as [number, number];
  return { dtype: dtype as TensorDtype, shape: shape as number[], begin, end };
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((item) => Number.isSafeInteger(item) && item >= 0);
}

function elements(shape: readonly number[]): number {
  return shape.reduce((product, size) => product * size, 1);
}

function check(condition: boolean, problem: string): asserts condition {
  if (!condition) {
    throw invalid(problem);
  }
}

function invalid(problem: string): T2lError {
  return new T2lError('safetensors_invalid', `The safetensors file is not valid: ${problem}.`);
}

/** A stored tensor's values; undefined for integers. */
export function floatsOf({ dtype, data }: StoredTensor): Float32Array | undefined {
  // A copy, because a typed array needs an offset that is a multiple of its element size.
  const { buffer } = data.slice();
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return decodeFloat16(new Uint16Array(buffer));
    case 'BF16':
      return decodeBfloat16(new Uint16Array(buffer));
    case 'I64':
      return undefined;
  }
}
