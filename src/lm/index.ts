/** Base models here: the tiny one, generating text with and without an adapter, and asking any of them. */
export { arrowPrompt } from './arrow.ts';
export type { BaseModel } from './base-model.ts';
export { BASE_MODELS, openBaseModel } from './base-models.ts';
export { type GenerateOptions, generateText } from './generate.ts';
export { type Lm, loadLm, type ModelReader } from './model.ts';
