/** The base models that answer here: a line each, which says how such a model is opened. */
import { openArrowModel } from './arrow.ts';
import type { BaseModel } from './base-model.ts';
import type { ModelReader } from './model.ts';

const OPENERS: ReadonlyMap<string, (id: string, read: ModelReader) => Promise<BaseModel>> = new Map(
  [['t2l-edge/t2l-mini-base', openArrowModel]],
);

/** The ids of base models that answer here. */
export const BASE_MODELS: readonly string[] = [...OPENERS.keys()];

/**
 * Loads a base model.
 *
 * @param read reads a file of its folder
 * @returns undefined if it is none of `BASE_MODELS`; nothing is read then
 */
export function openBaseModel(id: string, read: ModelReader): Promise<BaseModel> | undefined {
  return OPENERS.get(id)?.(id, read);
}
