/**
 * The GGUF file format, versions 2 and 3, read: what a language model's file says of itself, and where in
 * it the tensors lie. `adapter/gguf-file.ts` draws the format. Nothing is copied but texts and numbers.
 */
import { T2lError } from '../../contract/errors.ts';

/** A metadata value; numbers of 64 bits are exact up to 2^53. */
export type GgufValue = number | boolean | string | readonly GgufValue[];

/** A tensor as it is stored. */
export interface GgufTensor {
  readonly name: string;
  /** Row-major, as everywhere here; the file has them the other way round. */
  readonly shape: readonly number[];
  /** ggml's number of the type; `dequantise.ts` has their names. */
  readonly type: number;
  /** From here to where its bytes end, which the type says. */
  readonly start: number;
}

/** A file whose header was read. */
export interface Gguf {
  readonly bytes: Uint8Array;
  readonly metadata: ReadonlyMap<string, GgufValue>;
  readonly tensors: ReadonlyMap<string, GgufTensor>;
}

const MAGIC = 0x46554747; // "GGUF"
const VERSIONS = [2, 3];
const DEFAULT_ALIGNMENT = 32;
/** GGUF's type of a list of values. */
const ARRAY = 9;
/** More than any model has: a damaged count must not fill the memory. */
const MOST_ENTRIES = 1e7;
const MOST_DIMENSIONS = 4;

/**
 * Reads the header.
 *
 * @throws T2lError `base_model_invalid` if the bytes are no GGUF file, or one that is cut off
 */
export function readGguf(bytes: Uint8Array): Gguf {
  const reader = new Reader(bytes);
  if (bytes.length < 24 || reader.uint32() !== MAGIC) {
    throw invalid('it does not begin as a GGUF file does');
  }
  const version = reader.uint32();
  if (!VERSIONS.includes(version)) {
    throw invalid(`its version of GGUF is ${version}; ${VERSIONS.join(' and ')} are known`);
  }
  const tensorCount = reader.count();
  const entryCount = reader.count();
  const metadata = new Map<string, GgufValue>();
  for (let at = 0; at < entryCount; at++) {
    metadata.set(reader.string(), reader.value(reader.uint32()));
  }
  const infos = Array.from({ length: tensorCount }, () => reader.tensor());
  const alignment = metadata.get('general.alignment') ?? DEFAULT_ALIGNMENT;
  if (typeof alignment !== 'number' || alignment <= 0) {
    throw invalid('its alignment is no number above 0');
  }
  const start = Math.ceil(reader.position / alignment) * alignment;
  const tensors = new Map(
    infos.map((info) => [info.name, { ...info, start: start + info.start }] as const),
  );
  return { bytes, metadata, tensors };
}

/** The error for a file that is not as it should be. */
export function invalid(problem: string): T2lError {
  return new T2lError('base_model_invalid', `The base model's file cannot be read: ${problem}.`);
}

class Reader {
  readonly #bytes: Uint8Array;
  readonly #view: DataView;
  readonly #text = new TextDecoder();
  position = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  uint32(): number {
    return this.#view.getUint32(this.#take(4), true);
  }

  uint64(): number {
    const value = Number(this.#view.getBigUint64(this.#take(8), true));
    if (!Number.isSafeInteger(value)) {
      throw invalid('a number in it is larger than any size can be');
    }
    return value;
  }

  count(): number {
    const value = this.uint64();
    if (value > MOST_ENTRIES) {
      throw invalid(`it claims to hold ${value} entries`);
    }
    return value;
  }

  string(): string {
    const length = this.uint64();
    const start = this.#take(length);
    return this.#text.decode(this.#bytes.subarray(start, start + length));
  }

  tensor(): GgufTensor {
    const name = this.string();
    const dimensions = this.uint32();
    if (dimensions > MOST_DIMENSIONS) {
      throw invalid(`${name} has ${dimensions} dimensions`);
    }
    const shape = Array.from({ length: dimensions }, () => this.uint64()).reverse();
    return { name, shape, type: this.uint32(), start: this.uint64() };
  }

  value(type: number): GgufValue {
    const view = this.#view;
    switch (type) {
      case 0:
        return view.getUint8(this.#take(1));
      case 1:
        return view.getInt8(this.#take(1));
      case 2:
        return view.getUint16(this.#take(2), true);
      case 3:
        return view.getInt16(this.#take(2), true);
      case 4:
        return this.uint32();
      case 5:
        return view.getInt32(this.#take(4), true);
      case 6:
        return view.getFloat32(this.#take(4), true);
      case 7:
        return view.getUint8(this.#take(1)) !== 0;
      case 8:
        return this.string();
      case ARRAY: {
        const inner = this.uint32();
        if (inner === ARRAY) {
          throw invalid('it has an array of arrays, which no model needs');
        }
        return Array.from({ length: this.count() }, () => this.value(inner));
      }
      case 10:
        return this.uint64();
      case 11:
        return Number(view.getBigInt64(this.#take(8), true));
      case 12:
        return view.getFloat64(this.#take(8), true);
      default:
        throw invalid(`it has a value of the unknown type ${type}`);
    }
  }

  /** Where the next `size` bytes begin. */
  #take(size: number): number {
    const start = this.position;
    if (start + size > this.#bytes.length) {
      throw invalid('it is cut off');
    }
    this.position = start + size;
    return start;
  }
}
