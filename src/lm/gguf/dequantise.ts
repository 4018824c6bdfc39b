/**
 * Tensors of a GGUF file as float32, value for value as ggml and the Python package gguf widen them.
 *
 * A type stores blocks of 32 values of a row: a factor in float16, for some types an offset, and the
 * values in few bits. The high and low halves of a byte of a four-bit type are 16 values apart.
 *
 *   Q8_0 { d f16, q int8[32] }                    x = d q
 *   Q4_0 { d f16, q u4[32] }                      x = d (q - 8)
 *   Q4_1 { d f16, m f16, q u4[32] }               x = d q + m
 *   Q5_0 { d f16, high u32, q u4[32] }            x = d (q + 16 high - 16)
 *   Q5_1 { d f16, m f16, high u32, q u4[32] }     x = d (q + 16 high) + m
 */
import { decodeBfloat16, decodeFloat16 } from '../../adapter/float16.ts';
import { type Gguf, type GgufTensor, invalid } from './reader.ts';

/** How a type is stored. */
interface Kind {
  readonly name: string;
  /** Values of a block, and its bytes. */
  readonly values: number;
  readonly bytes: number;
  /** Writes the values of one block. */
  readonly widen: (view: DataView, at: number, target: Float32Array, start: number) => void;
}

const BLOCK = 32;
const HALF_BLOCK = BLOCK / 2;

/** By ggml's numbers. */
const KINDS: ReadonlyMap<number, Kind> = new Map([
  [0, { name: 'F32', values: 1, bytes: 4, widen: widenFloat32 }],
  [1, { name: 'F16', values: 1, bytes: 2, widen: widenFloat16 }],
  [2, { name: 'Q4_0', values: BLOCK, bytes: 18, widen: widenQ4 }],
  [3, { name: 'Q4_1', values: BLOCK, bytes: 20, widen: widenQ41 }],
  [6, { name: 'Q5_0', values: BLOCK, bytes: 22, widen: widenQ5 }],
  [7, { name: 'Q5_1', values: BLOCK, bytes: 24, widen: widenQ51 }],
  [8, { name: 'Q8_0', values: BLOCK, bytes: 34, widen: widenQ8 }],
  [30, { name: 'BF16', values: 1, bytes: 2, widen: widenBfloat16 }],
]);

/** float16 bits to values. */
const HALVES = decodeFloat16(Uint16Array.from({ length: 0x10000 }, (_, bits) => bits));

/**
 * Makes a reader of a tensor's rows.
 *
 * @returns writes the values of a row, [columns], into `target` from `start` on
 * @throws T2lError `base_model_invalid` if the type is not known, or the bytes are cut off
 */
export function rowReader(
  { bytes }: Gguf,
  tensor: GgufTensor,
): (row: number, target: Float32Array, start: number) => void {
  const { values, bytes: blockBytes, widen } = kindOf(tensor);
  const columns = columnsOf(tensor);
  const rowBytes = (columns / values) * blockBytes;
  if (tensor.start + tensorBytes(tensor) > bytes.length) {
    throw invalid(`${tensor.name} is cut off`);
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return (row, target, from) => {
    let at = tensor.start + row * rowBytes;
    for (let column = 0; column < columns; column += values) {
      widen(view, at, target, from + column);
      at += blockBytes;
    }
  };
}

/**
 * The bytes that a tensor takes in the file.
 *
 * @throws T2lError `base_model_invalid` if the type is not known
 */
export function tensorBytes(tensor: GgufTensor): number {
  const { values, bytes } = kindOf(tensor);
  return (tensor.shape.reduce((product, size) => product * size, 1) / values) * bytes;
}

function kindOf(tensor: GgufTensor): Kind {
  const kind = KINDS.get(tensor.type);
  if (kind === undefined || columnsOf(tensor) % kind.values !== 0) {
    const known = [...KINDS.values()].map((one) => one.name).join(', ');
    throw invalid(
      `${tensor.name} is stored as type ${tensor.type}; rows in whole blocks of ${known} are known`,
    );
  }
  return kind;
}

function columnsOf({ shape }: GgufTensor): number {
  return shape.at(-1) ?? 1;
}

function half(view: DataView, at: number): number {
  return HALVES[view.getUint16(at, true)] as number;
}

function widenFloat32(view: DataView, at: number, target: Float32Array, start: number): void {
  target[start] = view.getFloat32(at, true);
}

function widenFloat16(view: DataView, at: number, target: Float32Array, start: number): void {
  target[start] = half(view, at);
}

function widenBfloat16(view: DataView, at: number, target: Float32Array, start: number): void {
  target[start] = decodeBfloat16(Uint16Array.of(view.getUint16(at, true)))[0] as number;
}

function widenQ8(view: DataView, at: number, target: Float32Array, start: number): void {
  const d = half(view, at);
  for (let i = 0; i < BLOCK; i++) {
    target[start + i] = d * view.getInt8(at + 2 + i);
  }
}

function widenQ4(view: DataView, at: number, target: Float32Array, start: number): void {
  const d = half(view, at);
  for (let i = 0; i < HALF_BLOCK; i++) {
    const pair = view.getUint8(at + 2 + i);
    target[start + i] = d * ((pair & 15) - 8);
    target[start + HALF_BLOCK + i] = d * ((pair >>> 4) - 8);
  }
}

function widenQ41(view: DataView, at: number, target: Float32Array, start: number): void {
  const d = half(view, at);
  const m = half(view, at + 2);
  for (let i = 0; i < HALF_BLOCK; i++) {
    const pair = view.getUint8(at + 4 + i);
    // The product is rounded before the sum, as everywhere where it is done in float32.
    target[start + i] = Math.fround(d * (pair & 15)) + m;
    target[start + HALF_BLOCK + i] = Math.fround(d * (pair >>> 4)) + m;
  }
}

function widenQ5(view: DataView, at: number, target: Float32Array, start: number): void {
  const d = half(view, at);
  const high = view.getUint32(at + 2, true);
  for (let i = 0; i < HALF_BLOCK; i++) {
    const pair = view.getUint8(at + 6 + i);
    target[start + i] = d * (((pair & 15) | (((high >>> i) & 1) << 4)) - 16);
    target[start + HALF_BLOCK + i] =
      d * (((pair >>> 4) | (((high >>> (i + HALF_BLOCK)) & 1) << 4)) - 16);
  }
}

function widenQ51(view: DataView, at: number, target: Float32Array, start: number): void {
  const d = half(view, at);
  const m = half(view, at + 2);
  const high = view.getUint32(at + 4, true);
  for (let i = 0; i < HALF_BLOCK; i++) {
    const pair = view.getUint8(at + 8 + i);
    const low = (pair & 15) | (((high >>> i) & 1) << 4);
    const other = (pair >>> 4) | (((high >>> (i + HALF_BLOCK)) & 1) << 4);
    target[start + i] = Math.fround(d * low) + m;
    target[start + HALF_BLOCK + i] = Math.fround(d * other) + m;
  }
}
