/** The rotary positions: cosine and sine of every place's angles, [places, D / 2]. */
import { rowReader } from '../gguf/dequantise.ts';
import type { Gguf } from '../gguf/reader.ts';
import type { LlamaConfig } from './config.ts';

/** Tables for the first places. */
export interface Rotary {
  readonly places: number;
  readonly cos: Float32Array;
  readonly sin: Float32Array;
}

/** Every place's angle is the place times these, [D / 2]. In float32, as the model was trained. */
export function rotaryFrequencies(gguf: Gguf, { headDim, ropeBase }: LlamaConfig): Float32Array {
  const factors = new Float32Array(headDim / 2).fill(1);
  const tensor = gguf.tensors.get('rope_freqs.weight');
  if (tensor !== undefined) {
    // Llama 3.1 stretches the slow ones.
    rowReader(gguf, tensor)(0, factors, 0);
  }
  return factors.map((factor, at) =>
    Math.fround(Math.fround(1 / Math.fround(ropeBase ** ((2 * at) / headDim))) / factor),
  );
}

/** Tables of so many places. */
export function rotaryTables(frequencies: Float32Array, places: number): Rotary {
  const half = frequencies.length;
  const cos = new Float32Array(places * half);
  const sin = new Float32Array(places * half);
  for (let place = 0; place < places; place++) {
    for (let at = 0; at < half; at++) {
      const angle = Math.fround(place * (frequencies[at] as number));
      cos[place * half + at] = Math.cos(angle);
      sin[place * half + at] = Math.sin(angle);
    }
  }
  return { places, cos, sin };
}
