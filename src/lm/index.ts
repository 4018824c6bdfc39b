/** The tiny base model: loading it, and generating text with and without an adapter. */
export { type GenerateOptions, generateText } from './generate.ts';
export { type Lm, loadLm, type ModelReader } from './model.ts';
