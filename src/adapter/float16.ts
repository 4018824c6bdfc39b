/**
 * float32 to float16 and bfloat16, round to nearest even, and back.
 *
 * float16 is the platform's business where it can: its loops are compiled, those of an isolate that has just
 * begun are not, and with ONNX Runtime's functions to compile as well V8 does not come to them before the first
 * adapter is made. An adapter must never hold an infinity, so overflow and non-finite input are errors;
 * they are looked for once after the loop, not per element.
 */
import { T2lError } from '../contract/errors.ts';
import { decodeByTables, encodeByTables } from './float16-tables.ts';

/**
 * Writes `values` as float16 bits into `target`, rounding to nearest even.
 *
 * @throws T2lError `adapter_out_of_range` if a value is not finite or rounds to infinity
 */
export function encodeFloat16(values: Float32Array, target: Uint16Array): void {
  if (typeof Float16Array === 'undefined') {
    refuseUnless(encodeByTables(values, target), 'float16');
    return;
  }
  const halves = new Float16Array(target.buffer, target.byteOffset, target.length);
  halves.set(values);
  const beyond = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY, Number.NaN];
  refuseUnless(!beyond.some((value) => halves.includes(value)), 'float16');
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
  refuseUnless((outOfRange & 0x8000) === 0, 'bfloat16');
}

/** The float32 values of float16 bits; exact. */
export function decodeFloat16(halves: Uint16Array): Float32Array {
  return typeof Float16Array === 'undefined'
    ? decodeByTables(halves)
    : new Float32Array(new Float16Array(halves.buffer, halves.byteOffset, halves.length));
}

/** The float32 values of bfloat16 bits; exact. */
export function decodeBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) {
    bits[i] = (halves[i] as number) << 16;
  }
  return new Float32Array(bits.buffer);
}

function refuseUnless(inRange: boolean, dtype: string): void {
  if (!inRange) {
    throw new T2lError(
      'adapter_out_of_range',
      `A generated weight does not fit ${dtype}; use a smaller strength or another dtype.`,
    );
  }
}
