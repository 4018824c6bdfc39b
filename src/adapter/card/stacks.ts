/**
 * Which programs can run an adapter, by the architecture of its base model (`model_type` of
 * transformers). A program that is not listed for an architecture is left out of the card: a recipe
 * that fails is worse than none. PEFT takes any, MLX any LoRA.
 *
 * vLLM and SGLang take the families that the exporter knows; LoRAX those of its `get_model`; llama.cpp
 * and Ollama whatever the endpoint makes a GGUF file for. Of DoRA and IA3 PEFT alone is known to make what
 * was meant, and transformers of IA3: its own loading (5.18 beside PEFT 0.21) has no place for a DoRA's
 * magnitudes. vLLM refuses both, LoRAX reads a DoRA as the LoRA that it is not, SGLang was not seen to do
 * either, and the layouts of the others are made of LoRA adapters.
 */
import { T2lError } from '../../contract/errors.ts';
import { outputOf } from '../../output/kinds.ts';
import { ggufFile } from '../gguf.ts';
import type { LayoutFacts } from '../layout.ts';
import { WORKERS_AI_MAX_RANK, WORKERS_AI_MODELS } from '../workers-ai-models.ts';

/** What a card may have a recipe for. */
export interface Stacks {
  /** Its own loading, without PEFT's classes. */
  readonly transformers: boolean;
  /** The rank to start vLLM with, where it can run the adapter. */
  readonly vllmRank: number | undefined;
  readonly sglang: boolean;
  readonly lorax: boolean;
  readonly mlx: boolean;
  /** llama.cpp and Ollama. */
  readonly gguf: boolean;
  /** The model of Workers AI. */
  readonly workersAi: string | undefined;
}

const SERVERS: readonly string[] = [
  'llama',
  'mistral',
  'gemma',
  'gemma2',
  'qwen2',
  'qwen3',
  'phi3',
];
const LORAX: readonly string[] = ['llama', 'mistral', 'gemma', 'gemma2', 'qwen2', 'phi3'];
/** What vLLM's --max-lora-rank may be. */
const VLLM_RANKS = [1, 8, 16, 32, 64, 128, 256, 320, 512];

const PEFT_ALONE: Stacks = {
  transformers: false,
  vllmRank: undefined,
  sglang: false,
  lorax: false,
  mlx: false,
  gguf: false,
  workersAi: undefined,
};

/** The programs that can run an adapter, beside PEFT. */
export function stacksOf(facts: LayoutFacts): Stacks {
  const { base_model: base, rank } = facts.target;
  const { kind } = outputOf(facts.target);
  if (kind !== 'lora') {
    return { ...PEFT_ALONE, transformers: kind === 'ia3' };
  }
  const served = SERVERS.includes(base.architecture);
  return {
    transformers: true,
    vllmRank: served ? VLLM_RANKS.find((one) => one >= rank) : undefined,
    sglang: served,
    lorax: LORAX.includes(base.architecture),
    mlx: true,
    gguf: hasGguf(facts),
    workersAi: rank <= WORKERS_AI_MAX_RANK ? WORKERS_AI_MODELS.get(base.id) : undefined,
  };
}

function hasGguf(facts: LayoutFacts): boolean {
  try {
    ggufFile(facts);
    return true;
  } catch (error) {
    if (error instanceof T2lError && error.code === 'layout_unavailable') {
      return false;
    }
    throw error;
  }
}
