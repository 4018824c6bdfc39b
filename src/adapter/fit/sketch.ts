/**
 * A short vector of what an adapter does, so that adapters can be compared at a glance.
 *
 *     y = B (A p)                what a layer's update makes of a fixed vector p of signs
 *     z[bucket] += sign y_i      every y of every layer is thrown into one of the buckets
 *
 * Adapters whose updates are alike have sketches with a high cosine, whatever A and B they are written
 * in: what counts is the product. Signs and buckets come from one stream of 32-bit numbers:
 *
 *     x ^= x << 13;  x ^= x >>> 17;  x ^= x << 5       xorshift; the next x is the next draw
 *     sign = -1 if x & 1 else 1;  bucket = (x >>> 1) % width
 *
 * A module's stream begins at x = SEED * (its place in the target, from 1). Layer by layer and probe by
 * probe, first the signs of p are drawn, in order, then for every output a bucket with its sign, both
 * from one draw. Training draws the very same ones (`training/t2l/export/bundle/sketch.py`). They are
 * drawn once a bundle: it takes about as long as a sketch.
 */
import type { Target } from '../../bundle/manifest.ts';
import type { LoraWeights } from '../../output/lora-weights.ts';

const SEED = 0x9e3779b9;

/** How adapters are sketched; the names of modules in the target's order. */
export interface SketchSpec {
  readonly modules: readonly string[];
  /** Vectors p a layer. */
  readonly probes: number;
  /** Buckets. */
  readonly width: number;
}

/** What the adapters of one bundle are sketched with. */
export interface Sketcher {
  readonly layers: number;
  readonly rank: number;
  readonly width: number;
  /** Groups of probes a layer. */
  readonly groups: number;
  readonly modules: readonly ModuleDraws[];
}

/**
 * Probes are taken together, as many as there are LANES, so that a weight is read once for all of them;
 * the last group is filled with probes of zeros.
 */
interface ModuleDraws {
  readonly name: string;
  readonly inner: number;
  readonly out: number;
  /** Signs of p, [layers, groups, inner, LANES]. */
  readonly signs: Int8Array;
  /** Slots of y, [layers, groups, out, LANES]: its bucket, or `width` more if its sign is negative. */
  readonly slots: Uint16Array;
}

const LANES = 4;

/** Draws what a bundle's adapters are sketched with. */
export function createSketcher({ layers, rank, modules }: Target, spec: SketchSpec): Sketcher {
  const { probes, width } = spec;
  const drawn = modules.flatMap((module, index) =>
    spec.modules.includes(module.name) ? [draw(module, index + 1, layers, probes, width)] : [],
  );
  return { layers, rank, width, groups: Math.ceil(probes / LANES), modules: drawn };
}

/** The sketch of an adapter, [width]; weights as the network gives them, without a strength. */
export function sketch(sketcher: Sketcher, weights: LoraWeights): Float64Array {
  const { layers, rank, width, groups } = sketcher;
  const total = new Float64Array(2 * width); // what is added to buckets, then what is taken off
  const through = new Float64Array(rank * LANES); // A p of every lane
  for (const { name, inner, out, signs, slots } of sketcher.modules) {
    const pair = weights.get(name);
    if (pair === undefined) {
      throw new Error(`no weights for module ${name}`);
    }
    const [sizeA, sizeB] = [rank * inner, out * rank];
    for (let layer = 0; layer < layers; layer++) {
      const A = pair.A.subarray(layer * sizeA, (layer + 1) * sizeA);
      const B = pair.B.subarray(layer * sizeB, (layer + 1) * sizeB);
      for (let group = layer * groups; group < (layer + 1) * groups; group++) {
        project(A, signs, group * inner * LANES, inner, through);
        scatter(B, through, slots, group * out * LANES, total);
      }
    }
  }
  return total.subarray(0, width).map((sum, bucket) => sum - (total[width + bucket] as number));
}

/** through = A p, for A [rank, inner] and p from `first` on. */
function project(
  A: Float32Array,
  signs: Int8Array,
  first: number,
  inner: number,
  through: Float64Array,
): void {
  for (let at = 0, row = 0; row < through.length; row += LANES) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let k = 0, s = first; k < inner; k++, s += LANES) {
      const weight = A[at++] as number;
      a += weight * (signs[s] as number);
      b += weight * (signs[s + 1] as number);
      c += weight * (signs[s + 2] as number);
      d += weight * (signs[s + 3] as number);
    }
    through[row] = a;
    through[row + 1] = b;
    through[row + 2] = c;
    through[row + 3] = d;
  }
}

/** Throws B times `through` into the slots that lie from `first` on, for B [out, rank]. */
function scatter(
  B: Float32Array,
  through: Float64Array,
  slots: Uint16Array,
  first: number,
  total: Float64Array,
): void {
  const columns = through.length;
  for (let at = 0, next = first; at < B.length; next += LANES) {
    let a = 0;
    let b = 0;
    let c = 0;
    let d = 0;
    for (let k = 0; k < columns; k += LANES) {
      const weight = B[at++] as number;
      a += weight * (through[k] as number);
      b += weight * (through[k + 1] as number);
      c += weight * (through[k + 2] as number);
      d += weight * (through[k + 3] as number);
    }
    add(total, slots[next] as number, a);
    add(total, slots[next + 1] as number, b);
    add(total, slots[next + 2] as number, c);
    add(total, slots[next + 3] as number, d);
  }
}

function add(total: Float64Array, slot: number, value: number): void {
  total[slot] = (total[slot] as number) + value;
}

function draw(
  { name, in: inner, out }: Target['modules'][number],
  place: number,
  layers: number,
  probes: number,
  width: number,
): ModuleDraws {
  const groups = Math.ceil(probes / LANES);
  const signs = new Int8Array(layers * groups * inner * LANES);
  const slots = new Uint16Array(layers * groups * out * LANES);
  let x = Math.imul(SEED, place);
  for (let round = 0; round < layers * probes; round++) {
    const [layer, probe] = [Math.floor(round / probes), round % probes];
    const group = layer * groups + Math.floor(probe / LANES);
    const lane = probe % LANES;
    x = drawSigns(x, signs, group * inner * LANES + lane, inner);
    x = drawSlots(x, slots, group * out * LANES + lane, out, width);
  }
  return { name, inner, out, signs, slots };
}

/** Draws `count` signs into every LANES-th place from `at` on; returns the stream's last number. */
function drawSigns(last: number, signs: Int8Array, at: number, count: number): number {
  let x = last;
  for (let k = 0, place = at; k < count; k++, place += LANES) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    signs[place] = x & 1 ? -1 : 1;
  }
  return x;
}

/** Draws `count` slots in the same way. */
function drawSlots(
  last: number,
  slots: Uint16Array,
  at: number,
  count: number,
  width: number,
): number {
  let x = last;
  for (let k = 0, place = at; k < count; k++, place += LANES) {
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    const bucket = (x >>> 1) % width;
    slots[place] = x & 1 ? width + bucket : bucket;
  }
  return x;
}
