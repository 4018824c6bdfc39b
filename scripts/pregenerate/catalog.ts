/**
 * A catalog of descriptions: lines of JSON, gzipped or not. A line is a description in quotes, a body of
 * POST /v1/adapters, or an object with `descriptions`, as collections of tasks have them.
 */
import { readFile } from 'node:fs/promises';
import { gunzipSync } from 'node:zlib';
import * as z from 'zod';
import { T2lError } from '../../src/contract/errors.ts';
import { parse } from '../../src/contract/parse.ts';
import { createAdapterSchema } from '../../src/contract/requests/create-adapter.ts';
import type { AdapterRequest } from '../../src/sdk/index.ts';
import { Refusal } from '../command.ts';

const collectionSchema = z.looseObject({ descriptions: z.array(z.string()).min(1) });

/**
 * The requests of a catalog, in its order, each checked as an endpoint checks it.
 *
 * @param hypernet which is to make those that name none
 * @throws Refusal that names the line, before anything is asked
 */
export async function readCatalog(
  path: string,
  hypernet: string | undefined,
): Promise<AdapterRequest[]> {
  const stored = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw new Refusal(
      error.code === 'ENOENT' ? `There is no file ${path}.` : `${path}: ${error.message}`,
    );
  });
  const text = new TextDecoder().decode(path.endsWith('.gz') ? gunzipSync(stored) : stored);
  const requests = text.split('\n').flatMap((line, place) => {
    if (line.trim() === '') {
      return [];
    }
    try {
      return requestsOf(line).map((request) => checked(request, hypernet));
    } catch (error) {
      const why = error instanceof T2lError ? error.detail : 'it is not JSON.';
      throw new Refusal(`${path}, line ${place + 1}: ${why}`);
    }
  });
  if (requests.length === 0) {
    throw new Refusal(`${path} has no descriptions.`);
  }
  return requests;
}

function requestsOf(line: string): unknown[] {
  const value: unknown = JSON.parse(line);
  if (typeof value === 'string') {
    return [{ description: value }];
  }
  const collection = collectionSchema.safeParse(value);
  return collection.success
    ? collection.data.descriptions.map((description) => ({ description }))
    : [value];
}

function checked(value: unknown, hypernet: string | undefined): AdapterRequest {
  // The endpoint's own defaults are left to it.
  parse(createAdapterSchema, value);
  const request = value as AdapterRequest;
  return hypernet === undefined || request.hypernet !== undefined
    ? request
    : { ...request, hypernet };
}
