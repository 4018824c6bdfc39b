/**
 * float32 to float16 and bfloat16, round to nearest even, and back.
 *
 * A float32's sign and exponent (its top 9 bits) decide everything but the rounding, so one table of
 * 512 entries says, per exponent: the half's sign and exponent bits, the implicit leading one if the
 * half is subnormal, how far the mantissa shifts, and the constant that makes the shift round half
 * up. Adding the lowest kept bit turns that into half to even; a carry runs into the exponent, which
 * is exactly right up to infinity. An adapter must never hold an infinity, so overflow and
 * non-finite input are errors; they are looked for once after the loop, not per element.
 */
import { T2lError } from '../contract/errors.ts';

const FLOAT16_EXPONENT_BIAS = 15;
const FLOAT32_EXPONENT_BIAS = 127;
const MANTISSA_BITS_DROPPED = 13;
const EXPONENT_REBIAS = (FLOAT32_EXPONENT_BIAS - FLOAT16_EXPONENT_BIAS) << 23;
const IMPLICIT_ONE = 0x800000;
/** Far enough to clear any 24-bit mantissa. */
const SHIFT_TO_ZERO = 31;

const BASE = new Uint16Array(512);
const IMPLICIT = new Uint32Array(512);
const SHIFT = new Uint8Array(512);
const ROUND = new Uint32Array(512);
fillEncodeTables();

/**
 * Writes `values` as float16 bits into `target`, rounding to nearest even.
 *
 * @throws T2lError `adapter_out_of_range` if a value is not finite or rounds to infinity
 */
export function encodeFloat16(values: Float32Array, target: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let outOfRange = 0;
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i] as number;
    const top = value >>> 23;
    const shift = SHIFT[top] as number;
    const mantissa = (value & 0x7fffff) | (IMPLICIT[top] as number);
    const rounding = (ROUND[top] as number) + ((mantissa >>> shift) & 1);
    const half = (BASE[top] as number) + ((mantissa + rounding) >>> shift);
    // Adding one to a full exponent overflows into the sign's place.
    outOfRange |= (half & 0x7c00) + 0x0400;
    target[i] = half;
  }
  refuseIf((outOfRange & 0x8000) !== 0, 'float16');
}

/**
 * Writes `values` as bfloat16 bits into `target`, rounding to nearest even.
 *
 * @throws T2lError `adapter_out_of_range` if a value is not finite or rounds to infinity
 */
export function encodeBfloat16(values: Float32Array, target: Uint16Array): void {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  let outOfRange = 0;
  for (let i = 0; i < bits.length; i++) {
    const value = bits[i] as number;
    const half = (value + 0x7fff + ((value >>> 16) & 1)) >>> 16;
    outOfRange |= (half & 0x7f80) + 0x0080;
    target[i] = half;
    // A NaN with a small payload rounds to infinity or, worse, wraps; its exponent gives it away.
    outOfRange |= ((value >>> 16) & 0x7f80) + 0x0080;
  }
  refuseIf((outOfRange & 0x8000) !== 0, 'bfloat16');
}

/** The float32 values of float16 bits; exact. */
export function decodeFloat16(halves: Uint16Array): Float32Array {
  // A million of them is some 40 ms of a loop that V8 has not compiled yet, and none of what it brings along.
  return typeof Float16Array === 'undefined'
    ? decodedHere(halves)
    : new Float32Array(new Float16Array(halves.buffer, halves.byteOffset, halves.length));
}

/** For browsers and releases of Node that have no `Float16Array`. */
export function decodedHere(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  const values = new Float32Array(bits.buffer);
  for (let i = 0; i < halves.length; i++) {
    const half = halves[i] as number;
    const exponent = half & 0x7c00;
    const sign = (half & 0x8000) << 16;
    if (exponent === 0) {
      values[i] = (half & 0x3ff) * 2 ** -24;
      bits[i] = (bits[i] as number) | sign;
    } else if (exponent === 0x7c00) {
      bits[i] = sign | 0x7f800000 | ((half & 0x3ff) << MANTISSA_BITS_DROPPED);
    } else {
      bits[i] = sign | (((half & 0x7fff) << MANTISSA_BITS_DROPPED) + EXPONENT_REBIAS);
    }
  }
  return values;
}

/** The float32 values of bfloat16 bits; exact. */
export function decodeBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    bits[i] = (halves[i] as number) << 16;
  }
  return new Float32Array(bits.buffer);
}

function fillEncodeTables(): void {
  for (let top = 0; top < 512; top++) {
    const sign = (top & 0x100) << 7;
    const exponent = (top & 0xff) - FLOAT32_EXPONENT_BIAS;
    let base = 0;
    let implicit = 0;
    let shift = MANTISSA_BITS_DROPPED;
    if (exponent > FLOAT16_EXPONENT_BIAS) {
      base = 0x7c00;
      shift = SHIFT_TO_ZERO;
    } else if (exponent >= 1 - FLOAT16_EXPONENT_BIAS) {
      base = (exponent + FLOAT16_EXPONENT_BIAS) << 10;
    } else if (exponent >= -25) {
      // Subnormal: the leading one becomes explicit and moves right by the missing exponent.
      implicit = IMPLICIT_ONE;
      shift = -1 - exponent;
    } else {
      shift = SHIFT_TO_ZERO;
    }
    BASE[top] = sign | base;
    IMPLICIT[top] = implicit;
    SHIFT[top] = shift;
    ROUND[top] = shift === SHIFT_TO_ZERO ? 0 : 2 ** (shift - 1) - 1;
  }
}

function refuseIf(outOfRange: boolean, dtype: string): void {
  if (outOfRange) {
    throw new T2lError(
      'adapter_out_of_range',
      `A generated weight does not fit ${dtype}; use a smaller strength or another dtype.`,
    );
  }
}
