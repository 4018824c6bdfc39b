/** The texts of a model's folder: what is missing, no JSON, or not as it should be is refused by name. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import type { z } from 'zod';
import { Refusal } from '../command.ts';

/** A file as text. */
export async function readText(folder: string, file: string): Promise<string> {
  return readFile(join(folder, file), 'utf8').catch(() => {
    throw new Refusal(
      `${folder} has no ${file}; a model's folder has config.json, tokenizer.json and model.safetensors.`,
    );
  });
}

/** A file of JSON. */
export async function readJson<Output>(
  folder: string,
  file: string,
  schema: z.ZodType<Output>,
): Promise<Output> {
  return parseJson(folder, file, schema, await readText(folder, file));
}

/** What a file's text says. */
export function parseJson<Output>(
  folder: string,
  file: string,
  schema: z.ZodType<Output>,
  text: string,
): Output {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw new Refusal(`${join(folder, file)} is not JSON: ${(error as Error).message}.`);
  }
  const result = schema.safeParse(value);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw new Refusal(`${join(folder, file)}: ${issue?.path.join('.')}: ${issue?.message}`);
  }
  return result.data;
}
