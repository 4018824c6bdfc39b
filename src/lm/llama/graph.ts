/**
 * A decoder of the Llama family as ONNX graphs, one text at a time: a LoRA and a key/value cache are
 * inputs, the weights lie in files beside them.
 *
 *   layers   embedded tokens -> some layers x (RMSNorm, attention, RMSNorm, SwiGLU)
 *            every site: y = x W + (x A) B, with A and B of that layer taken from the inputs
 *   head     RMSNorm -> logits
 *
 * Attention, its rotary positions and its cache are one operator of ONNX Runtime, as is a sum with the
 * norm after it: a token takes a few hundred nodes instead of thousands. Embeddings are looked up
 * outside, so that a tied model has them in floats once, as the head reads them. Only tokens whose logits
 * are `wanted` go through the head, which is a fifth of the work. Several graphs instead of one are
 * loaded one after the other, and what loading takes for a moment, it takes of one of them.
 *
 * S: new tokens, P: cached ones, T = P + S, K: key/value heads, D: size of a head, W: wanted tokens.
 */
import { Graph, type Value } from '../onnx/graph.ts';
import type { LlamaConfig } from './config.ts';
import { type Site, sitesOf } from './sites.ts';

/** Layers that one graph has: from the first up to, but without, the last. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Names of what every layer uses. */
interface Shared {
  /** The last place and the number of all tokens, int32: a list of one, and a scalar. */
  readonly last: Value;
  readonly total: Value;
  readonly cos: Value;
  readonly sin: Value;
}

/**
 * The bytes of the graph of some layers. Inputs: `x` [1, S, hidden], `total` [1], `cos` and `sin`
 * [places, D / 2], `<site>.A` [layers, in, rank] and `<site>.B` [layers, rank, out] of these layers,
 * `past_key.<layer>` and `past_value.<layer>` [1, K, P, D]. Outputs: `y` [1, S, hidden] and
 * `present_...` [1, K, T, D].
 */
export function layersGraph(config: LlamaConfig, { from, to }: Span): Uint8Array {
  const { hidden, kvHeads, headDim } = config;
  const graph = new Graph();
  let x = graph.input('x', 'float32', [1, 'new', hidden]);
  const total = graph.input('total', 'int64', [1]);
  const cos = graph.input('cos', 'float32', ['places', headDim / 2]);
  const sin = graph.input('sin', 'float32', ['places', headDim / 2]);
  const sites = sitesOf(config);
  for (const site of sites) {
    const rank = `${site.name}.rank`;
    graph.input(`${site.name}.A`, 'float32', [to - from, site.in, rank]);
    graph.input(`${site.name}.B`, 'float32', [to - from, rank, site.out]);
  }
  const int32 = { attributes: { to: 6 } };
  const shared = {
    last: graph.op('Cast', [graph.op('Sub', [total, graph.constant([1])])], int32),
    total: graph.op('Cast', [graph.op('Squeeze', [total])], int32),
    cos,
    sin,
  };
  let normed = rmsNorm(graph, config, x, `layers.${from}.attention_norm`);
  for (let layer = from; layer < to; layer++) {
    const lora = layer - from;
    const past = ['past_key', 'past_value'].map((name) =>
      graph.input(`${name}.${layer}`, 'float32', [1, kvHeads, 'past', headDim]),
    );
    const packed = linear(graph, sites, 'qkv', layer, lora, normed); // [1, S, (heads + 2 K) D]
    const mixed = attention(graph, config, layer, packed, past, shared);
    const attended = linear(graph, sites, 'o', layer, lora, mixed);
    const [inside, sum] = addAndNorm(graph, config, x, attended, `layers.${layer}.ffn_norm`);
    const both = linear(graph, sites, 'gate_up', layer, lora, inside);
    const fed = linear(graph, sites, 'down', layer, lora, gated(graph, config, both));
    if (layer + 1 < to) {
      [normed, x] = addAndNorm(graph, config, sum, fed, `layers.${layer + 1}.attention_norm`);
    } else {
      graph.output('y', graph.op('Add', [sum, fed]), 'float32', [1, 'new', hidden]);
    }
  }
  return graph.serialise();
}

/** The bytes of the head's graph. Inputs: `x` [1, S, hidden], `wanted` [W]. Output: `logits` [W, vocabulary]. */
export function headGraph(config: LlamaConfig): Uint8Array {
  const { hidden, vocabulary } = config;
  const graph = new Graph();
  const x = graph.input('x', 'float32', [1, 'new', hidden]);
  const wanted = graph.input('wanted', 'int64', ['wanted']);
  const rows = graph.op('Reshape', [x, graph.constant([-1, hidden])]);
  const seen = graph.op('Gather', [rows, wanted], { attributes: { axis: 0 } }); // [W, hidden]
  const normed = rmsNorm(graph, config, seen, 'norm');
  const logits = graph.op('MatMul', [normed, graph.weight('head', [hidden, vocabulary])]);
  graph.output('logits', logits, 'float32', ['wanted', vocabulary]);
  return graph.serialise();
}

function attention(
  graph: Graph,
  { heads, kvHeads, headDim }: LlamaConfig,
  layer: number,
  packed: Value,
  past: readonly Value[],
  { last, total, cos, sin }: Shared,
): Value {
  const [mixed = '', key = '', value = ''] = graph.ops(
    'GroupQueryAttention',
    [packed, '', '', ...past, last, total, cos, sin],
    {
      contrib: true,
      outputs: 3,
      attributes: {
        num_heads: heads,
        kv_num_heads: kvHeads,
        do_rotary: 1,
        rotary_interleaved: 0,
        scale: { float: headDim ** -0.5 },
      },
    },
  );
  const shape = [1, kvHeads, 'total', headDim] as const;
  graph.output(`present_key.${layer}`, key, 'float32', shape);
  graph.output(`present_value.${layer}`, value, 'float32', shape);
  return mixed;
}

/** SwiGLU of gate and up, which lie side by side. */
function gated(graph: Graph, { inner }: LlamaConfig, both: Value): Value {
  const [gate = '', up = ''] = graph.ops('Split', [both, graph.constant([inner, inner])], {
    outputs: 2,
    attributes: { axis: -1 },
  });
  const silu = graph.op('Mul', [gate, graph.op('Sigmoid', [gate])]);
  return graph.op('Mul', [silu, up]);
}

function linear(
  graph: Graph,
  sites: readonly Site[],
  name: Site['name'],
  layer: number,
  lora: number,
  x: Value,
): Value {
  const site = sites.find((one) => one.name === name) as Site;
  const weight = graph.weight(`layers.${layer}.${name}`, [site.in, site.out]);
  const [A = '', B = ''] = ['A', 'B'].map((side) =>
    graph.op('Gather', [`${name}.${side}`, graph.constant(lora)], { attributes: { axis: 0 } }),
  );
  const update = graph.op('MatMul', [graph.op('MatMul', [x, A]), B]);
  return graph.op('Add', [graph.op('MatMul', [x, weight]), update]);
}

function rmsNorm(graph: Graph, { hidden, epsilon }: LlamaConfig, x: Value, name: string): Value {
  return graph.op('SimplifiedLayerNormalization', [x, graph.weight(name, [hidden])], {
    attributes: { axis: -1, epsilon: { float: epsilon }, stash_type: 1 },
  });
}

/** The norm of a sum, and the sum. */
function addAndNorm(
  graph: Graph,
  { hidden, epsilon }: LlamaConfig,
  x: Value,
  y: Value,
  name: string,
): [normed: Value, sum: Value] {
  // The operator's second and third outputs are for training.
  const [normed = '', , , sum = ''] = graph.ops(
    'SkipSimplifiedLayerNormalization',
    [x, y, graph.weight(name, [hidden])],
    { contrib: true, outputs: 4, attributes: { epsilon: { float: epsilon } } },
  );
  return [normed, sum];
}
