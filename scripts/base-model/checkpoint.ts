/** A checkpoint in the layout of the Hugging Face Hub: its tensors, from one safetensors file or several. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { decodeBfloat16, decodeFloat16 } from '../../src/adapter/float16.ts';
import { readSafetensors, type StoredTensor } from '../../src/adapter/safetensors.ts';
import { Refusal } from '../command.ts';

const WHOLE = 'model.safetensors';
const INDEX = 'model.safetensors.index.json';

const indexSchema = z.object({ weight_map: z.record(z.string(), z.string()) });

/** All tensors by name. */
export async function readCheckpoint(folder: string): Promise<Map<string, StoredTensor>> {
  const index = await readFile(join(folder, INDEX), 'utf8').catch(() => undefined);
  const files =
    index === undefined
      ? [WHOLE]
      : [...new Set(Object.values(indexSchema.parse(JSON.parse(index)).weight_map))].sort();
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
export function valuesOf(name: string, { dtype, data }: StoredTensor): Float32Array {
  // A copy begins where a Float32Array may.
  const { buffer } = data.slice();
  switch (dtype) {
    case 'F32':
      return new Float32Array(buffer);
    case 'F16':
      return decodeFloat16(new Uint16Array(buffer));
    case 'BF16':
      return decodeBfloat16(new Uint16Array(buffer));
    case 'I64':
      throw new Refusal(`${name} holds integers, so this is no checkpoint in floats.`);
  }
}
