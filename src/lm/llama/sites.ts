/**
 * The four products of a layer, and the modules that lie side by side in each of them: what reads the
 * same values is multiplied at once.
 *
 *   qkv      x -> q_proj | k_proj | v_proj         o      heads -> o_proj
 *   gate_up  x -> gate_proj | up_proj              down   inner -> down_proj
 */
import { LLAMA_TENSORS } from '../../adapter/gguf-llama.ts';
import type { LlamaConfig } from './config.ts';

/** A linear module of a layer. */
export interface LinearModule {
  /** As adapters name it. */
  readonly name: string;
  /** As GGUF names it inside `blk.<layer>`. */
  readonly tensor: string;
  readonly out: number;
  /** Heads whose rows GGUF has in another order; 0: rows are where they were. */
  readonly rotated: number;
}

/** A product of a layer. */
export interface Site {
  readonly name: 'qkv' | 'o' | 'gate_up' | 'down';
  readonly in: number;
  /** The sum of the modules'. */
  readonly out: number;
  /** In the order of the columns. */
  readonly modules: readonly LinearModule[];
}

/** The sites of every layer, in the order of the computation. */
export function sitesOf({ hidden, inner, heads, kvHeads, headDim }: LlamaConfig): readonly Site[] {
  const all = heads * headDim;
  const few = kvHeads * headDim;
  return [
    site('qkv', hidden, [
      { name: 'q_proj', tensor: LLAMA_TENSORS['self_attn.q_proj'], out: all, rotated: heads },
      { name: 'k_proj', tensor: LLAMA_TENSORS['self_attn.k_proj'], out: few, rotated: kvHeads },
      { name: 'v_proj', tensor: LLAMA_TENSORS['self_attn.v_proj'], out: few, rotated: 0 },
    ]),
    site('o', all, [
      { name: 'o_proj', tensor: LLAMA_TENSORS['self_attn.o_proj'], out: hidden, rotated: 0 },
    ]),
    site('gate_up', hidden, [
      { name: 'gate_proj', tensor: LLAMA_TENSORS['mlp.gate_proj'], out: inner, rotated: 0 },
      { name: 'up_proj', tensor: LLAMA_TENSORS['mlp.up_proj'], out: inner, rotated: 0 },
    ]),
    site('down', inner, [
      { name: 'down_proj', tensor: LLAMA_TENSORS['mlp.down_proj'], out: hidden, rotated: 0 },
    ]),
  ];
}

function site(name: Site['name'], inner: number, modules: readonly LinearModule[]): Site {
  return { name, in: inner, out: modules.reduce((sum, { out }) => sum + out, 0), modules };
}
