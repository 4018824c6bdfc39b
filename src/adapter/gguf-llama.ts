/**
 * How llama.cpp names and orders the weights of a Llama's layer: the one place for adapters that are
 * written for it, for models that are read, and for models that are made.
 *
 * transformers rotates the two halves of a head against each other, llama.cpp's llama architecture
 * neighbouring rows. The rows of q_proj and k_proj therefore lie in another order,
 *
 *   within each head of D rows:  0, D/2, 1, D/2 + 1, 2, ...
 */

/** Path inside a transformer layer -> llama.cpp's name of the tensor. */
export const LLAMA_TENSORS = {
  'self_attn.q_proj': 'attn_q',
  'self_attn.k_proj': 'attn_k',
  'self_attn.v_proj': 'attn_v',
  'self_attn.o_proj': 'attn_output',
  'mlp.gate_proj': 'ffn_gate',
  'mlp.up_proj': 'ffn_up',
  'mlp.down_proj': 'ffn_down',
} as const satisfies Readonly<Record<string, string>>;

/** The row of transformers that is llama.cpp's row `row`, in heads of `size` rows. */
export function rowOfPaired(row: number, size: number): number {
  const inside = row % size;
  return row - inside + (inside % 2) * (size / 2) + (inside >> 1);
}

/** The other direction: where llama.cpp has a row of transformers. */
export function pairedRowOf(row: number, size: number): number {
  const inside = row % size;
  const half = inside < size / 2 ? 0 : 1;
  return row - inside + 2 * (inside - (half * size) / 2) + half;
}
