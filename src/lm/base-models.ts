/** The base models that answer here, and how each is opened. */
import { openArrowModel } from './arrow.ts';
import type { BaseModel } from './base-model.ts';
import { openChatModel } from './chat.ts';
import type { ModelReader } from './model.ts';

type Opener = (id: string, read: ModelReader, tell?: (part: number) => void) => Promise<BaseModel>;

const OWN: ReadonlyMap<string, Opener> = new Map([['t2l-edge/t2l-mini-base', openArrowModel]]);

/** The ids of base models that ship; any other one answers here if somebody has its `model.gguf`. */
export const BASE_MODELS: readonly string[] = [...OWN.keys()];

/**
 * Loads a base model.
 *
 * @param read reads a file of its folder: of one that does not ship, `model.gguf`
 * @param tell is told what part of it was made ready, from 0 to 1, after its files were read
 * @throws T2lError `base_model_invalid` if it cannot be run here
 */
export function openBaseModel(
  id: string,
  read: ModelReader,
  tell?: (part: number) => void,
): Promise<BaseModel> {
  return (OWN.get(id) ?? openChatModel)(id, read, tell);
}
