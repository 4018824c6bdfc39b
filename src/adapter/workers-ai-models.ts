/**
 * What Workers AI takes as LoRA adapters: for which base models it has a model with the LoRA
 * capability, and the limits of one adapter.
 *
 * Source: developers.cloudflare.com/workers-ai/features/fine-tunes/loras and the planned model
 * deprecations of 2026-05-08, which keep these four, as read on 2026-11-22. The lists change: a model
 * that is not here can be named by the caller.
 */

/** Hugging Face id of a base model -> the model of Workers AI that takes its adapters. */
export const WORKERS_AI_MODELS: ReadonlyMap<string, string> = new Map([
  ['mistralai/Mistral-7B-Instruct-v0.2', '@cf/mistral/mistral-7b-instruct-v0.2-lora'],
  ['google/gemma-2b-it', '@cf/google/gemma-2b-it-lora'],
  ['google/gemma-7b-it', '@cf/google/gemma-7b-it-lora'],
  ['meta-llama/Llama-2-7b-chat-hf', '@cf/meta-llama/llama-2-7b-chat-hf-lora'],
]);

/** What `model_type` in adapter_config.json may be. */
export const WORKERS_AI_MODEL_TYPES = ['mistral', 'gemma', 'llama'] as const;

/** The page allows 8 everywhere and ranks up to 32 where a model takes them. */
export const WORKERS_AI_MAX_RANK = 32;
export const WORKERS_AI_SAFE_RANK = 8;

/** "Less than 300 MB"; in decimal megabytes, which is the stricter reading. */
export const WORKERS_AI_MAX_BYTES = 300_000_000;

/** Fine-tunes of one account. */
export const WORKERS_AI_MAX_FINETUNES = 100;
