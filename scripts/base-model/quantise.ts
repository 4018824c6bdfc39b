/** float32 to Q8_0, as ggml rounds: blocks of 32 values with one factor, 8 bits a value. */
import { encodeFloat16 } from '../../src/adapter/float16.ts';

const BLOCK = 32;
const BLOCK_BYTES = 34;
const LARGEST = 127;

/**
 * Writes values as Q8_0.
 *
 * @param values a multiple of 32 of them
 * @param target 34 bytes for every 32 values
 */
export function quantiseQ8(values: Float32Array, target: Uint8Array): void {
  const bytes = new Int8Array(target.buffer, target.byteOffset, target.byteLength);
  const view = new DataView(target.buffer, target.byteOffset, target.byteLength);
  const factors = new Float32Array(values.length / BLOCK);
  for (let block = 0; block < factors.length; block++) {
    let largest = 0;
    for (let i = 0; i < BLOCK; i++) {
      largest = Math.max(largest, Math.abs(values[block * BLOCK + i] as number));
    }
    factors[block] = largest / LARGEST;
  }
  const halves = new Uint16Array(factors.length);
  encodeFloat16(factors, halves);
  for (let block = 0; block < factors.length; block++) {
    const factor = factors[block] as number;
    view.setUint16(block * BLOCK_BYTES, halves[block] as number, true);
    for (let i = 0; i < BLOCK; i++) {
      const value = factor === 0 ? 0 : (values[block * BLOCK + i] as number) / factor;
      bytes[block * BLOCK_BYTES + 2 + i] = Math.sign(value) * Math.round(Math.abs(value));
    }
  }
}
