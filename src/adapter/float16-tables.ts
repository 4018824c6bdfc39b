/**
 * float16 where the platform has none (browsers and releases of Node without `Float16Array`), with the very bits
 * that it would give.
 *
 * A float32's sign and exponent (its top 9 bits) decide everything but the rounding, so one table of
 * 512 entries says, per exponent: the half's sign and exponent bits, the implicit leading one if the
 * half is subnormal, how far the mantissa shifts, and the constant that makes the shift round half
 * up. Adding the lowest kept bit turns that into half to even; a carry runs into the exponent, which
 * is exactly right up to infinity.
 */

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
 * @returns whether all of them are finite and stay so
 */
export function encodeByTables(values: Float32Array, target: Uint16Array): boolean {
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
  return (outOfRange & 0x8000) === 0;
}

/** The float32 values of float16 bits; exact. */
export function decodeByTables(halves: Uint16Array): Float32Array {
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
