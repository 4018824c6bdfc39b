/**
 * The GGUF file format, version 3, written.
 *
 *   "GGUF" | u32 version | u64 tensors | u64 key-values
 *   key-values:    key | u32 type | value
 *   tensor infos:  name | u32 dimensions | u64 size of each, the fastest first | u32 type | u64 offset
 *   zeros up to a multiple of 32 | data, every tensor at a multiple of 32
 *
 * All little-endian; a string is a u64 length and UTF-8. Like the writer of safetensors it lays the
 * file out first and hands out a view per tensor, so that values are written straight into the file.
 */
import type { Layout } from './layout.ts';
import { DTYPE_BYTES, type TensorDtype, type TensorSpec } from './safetensors.ts';

/** Types of tensors that are written; of Q8_0, rows are whole blocks of 32 values in 34 bytes. */
export type GgufDtype = Exclude<TensorDtype, 'I64'> | 'Q8_0';

/** Name, type and shape of a tensor that is to be written. */
export interface GgufTensorSpec extends Omit<TensorSpec, 'dtype'> {
  readonly dtype: TensorDtype | 'Q8_0';
}

/** A metadata value; numbers say their type, because the format has many. */
export type GgufValue =
  | { readonly string: string }
  | { readonly strings: readonly string[] }
  | { readonly float32: number }
  | { readonly float32s: readonly number[] }
  | { readonly int32s: readonly number[] }
  | { readonly uint32: number };

/** Key and value, in the order of the file. */
export type GgufMetadata = readonly (readonly [key: string, value: GgufValue])[];

const MAGIC = 0x46554747; // "GGUF"
const VERSION = 3;
const ALIGNMENT = 32;

const UINT32 = 4;
const INT32 = 5;
const FLOAT32 = 6;
const STRING = 8;
const ARRAY = 9;

const TENSOR_TYPES: Readonly<Record<GgufDtype, number>> = {
  F32: 0,
  F16: 1,
  Q8_0: 8,
  BF16: 30,
};
const BYTES: Readonly<Record<GgufDtype, number>> = { ...DTYPE_BYTES, Q8_0: 34 / 32 };

/** Lays out a file; shapes are row-major, as everywhere here. */
export function layoutGguf(metadata: GgufMetadata, tensors: readonly GgufTensorSpec[]): Layout {
  const head = new Writer();
  head.uint32(MAGIC);
  head.uint32(VERSION);
  head.uint64(tensors.length);
  head.uint64(metadata.length);
  for (const [key, value] of metadata) {
    head.string(key);
    head.value(value);
  }
  const places = new Map<string, readonly [number, number]>();
  let end = 0;
  for (const { name, dtype, shape } of tensors) {
    if (dtype === 'I64' || places.has(name)) {
      throw new Error(`tensor ${name} is written twice or holds integers`);
    }
    const size = shape.reduce((product, one) => product * one, BYTES[dtype]);
    head.string(name);
    head.uint32(shape.length);
    for (const one of shape.toReversed()) {
      head.uint64(one);
    }
    head.uint32(TENSOR_TYPES[dtype]);
    head.uint64(end);
    places.set(name, [end, size]);
    end = aligned(end + size);
  }
  const header = head.bytes();
  const start = aligned(header.length);
  return {
    bytes: start + end,
    allocate() {
      const file = new Uint8Array(start + end);
      file.set(header);
      const views = new Map<string, Uint8Array>();
      for (const [name, [offset, size]] of places) {
        views.set(name, file.subarray(start + offset, start + offset + size));
      }
      return { file, views };
    },
  };
}

function aligned(size: number): number {
  return Math.ceil(size / ALIGNMENT) * ALIGNMENT;
}

/** Appends the format's numbers and strings to a buffer that grows. */
class Writer {
  #buffer = new Uint8Array(4096);
  #length = 0;

  bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#length);
  }

  uint32(value: number): void {
    this.#next(4).setUint32(0, value, true);
  }

  uint64(value: number): void {
    this.#next(8).setBigUint64(0, BigInt(value), true);
  }

  string(text: string): void {
    const bytes = new TextEncoder().encode(text);
    this.uint64(bytes.length);
    const { byteOffset } = this.#next(bytes.length);
    this.#buffer.set(bytes, byteOffset);
  }

  value(value: GgufValue): void {
    if ('string' in value) {
      this.uint32(STRING);
      this.string(value.string);
    } else if ('uint32' in value) {
      this.uint32(UINT32);
      this.uint32(value.uint32);
    } else if ('float32' in value) {
      this.uint32(FLOAT32);
      this.#next(4).setFloat32(0, value.float32, true);
    } else if ('strings' in value) {
      this.#array(STRING, value.strings, (one) => this.string(one));
    } else if ('float32s' in value) {
      this.#array(FLOAT32, value.float32s, (one) => this.#next(4).setFloat32(0, one, true));
    } else {
      this.#array(INT32, value.int32s, (one) => this.#next(4).setInt32(0, one, true));
    }
  }

  #array<Item>(type: number, items: readonly Item[], write: (item: Item) => void): void {
    this.uint32(ARRAY);
    this.uint32(type);
    this.uint64(items.length);
    items.forEach(write);
  }

  /** A view of the next `size` bytes. */
  #next(size: number): DataView {
    const start = this.#length;
    this.#length += size;
    if (this.#length > this.#buffer.length) {
      const larger = new Uint8Array(2 * this.#length);
      larger.set(this.#buffer);
      this.#buffer = larger;
    }
    return new DataView(this.#buffer.buffer, start, size);
  }
}
