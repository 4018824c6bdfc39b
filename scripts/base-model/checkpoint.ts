/** A checkpoint in the layout of the Hugging Face Hub: its tensors, from one safetensors file or several. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { floatsOf, readSafetensors, type StoredTensor } from '../../src/adapter/safetensors.ts';
import { Refusal } from '../command.ts';
import { parseJson } from './model-files.ts';

const WHOLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** All tensors by name. */
export async function readCheckpoint(folder: string): Promise<Map<string, StoredTensor>> {
  const index = await readFile(join(folder, INDEX), 'utf8').catch(() => undefined);
  const files =
    index === undefined
      ? [WHOLE]
      : [...new Set(Object.values(parseJson(folder, INDEX, indexSchema, index).weight_map))].sort();
  const tensors = new Map<string, StoredTensor>();
  for (const file of files) {
    const bytes = await readFile(join(folder, file)).catch(() => {
      throw new Refusal(`${folder} has no ${file}; a model's folder has it, or ${INDEX}.`);
    });
    for (const [name, tensor] of readSafetensors(new Uint8Array(bytes))) {
      tensors.set(name, tensor);
    }
  }
  return tensors;
}

/** The values of a tensor. */
export function valuesOf(name: string, tensor: StoredTensor): Float32Array {
  const values = floatsOf(tensor);
  if (values === undefined) {
    throw new Refusal(`${name} holds integers, so this is no checkpoint in floats.`);
  }
  return values;
}
