/**
 * The loops that look at an adapter and pack it, run on a few zeros before they are needed.
 *
 * V8 compiles a loop beside the running program once it has run for a while. In an isolate that has just begun,
 * the functions of ONNX Runtime come first in that queue, and the first adapter's norms, fit and weights are then
 * worked out by the interpreter, at a tenth of the speed. So the loops are run here while the network's files
 * are on their way and nothing else is to be compiled. What they find is thrown away: nothing depends on it.
 */
import { times } from '../adapter/fit/matrix.ts';
import { createSketcher, sketch } from '../adapter/fit/sketch.ts';
import { updateNorms } from '../adapter/norms.ts';
import { packPeft } from '../adapter/peft.ts';
import type { Target } from '../bundle/manifest.ts';

/** More than V8 watches a loop for before it compiles it; some 12 ms of the interpreter. */
const ROUNDS = 40;
const RANK = 8;
const SIDE = 64;
const MODULE = { name: 'q_proj', path: 'self_attn.q_proj', in: SIDE, out: SIDE };
const TARGET: Target = {
  base_model: { id: 'none', revision: 'none', architecture: 'none', license: 'none' },
  layers: 2,
  modules: [MODULE],
  rank: RANK,
};

let warm = false;

/** Has the loops compiled, once an isolate. */
export async function warmUp(): Promise<void> {
  if (warm) {
    return;
  }
  warm = true;
  // What was just begun asks for its files first.
  await new Promise((resolve) => setTimeout(resolve, 0));
  const ofAllLayers = () => new Float32Array(TARGET.layers * RANK * SIDE);
  const weights = new Map([[MODULE.name, { A: ofAllLayers(), B: ofAllLayers() }]]);
  const matrix = { values: new Float32Array(SIDE * SIDE), rows: SIDE, columns: SIDE };
  const spec = { modules: [MODULE.name], probes: 8, width: 64 };
  for (let round = 0; round < ROUNDS; round++) {
    updateNorms({ target: TARGET }, weights);
    packPeft({ manifest: { target: TARGET }, weights, dtype: 'float16', strength: 1 });
    times(matrix, new Float32Array(SIDE));
    times(matrix, new Float64Array(SIDE));
    sketch(createSketcher(TARGET, spec), weights);
  }
}
