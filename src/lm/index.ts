/** Base models here: the tiny one, those of the Llama family, and asking any of them. */
export { arrowPrompt } from './arrow.ts';
export type { BaseModel, Progress } from './base-model.ts';
export { BASE_MODELS, openBaseModel } from './base-models.ts';
export { GGUF_FILE } from './chat.ts';
export { type GenerateOptions, generateText } from './generate.ts';
export { type Lm, loadLm, type ModelReader } from './model.ts';
