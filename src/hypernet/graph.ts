/** Loading one graph file of a bundle into a session. */
import { T2lError } from '../errors.ts';
import { free } from '../memory.ts';
import type { Bundle } from './bundle.ts';
import { createSession, type OrtSession } from './ort.ts';

/** Reads and verifies a graph of a bundle and loads it. */
export async function openGraph(bundle: Pick<Bundle, 'read'>, file: string): Promise<OrtSession> {
  return sessionOf(file, await bundle.read(file));
}

/**
 * Loads a graph and frees its bytes: the array cannot be used afterwards.
 *
 * @param file its name, for errors
 * @throws T2lError `bundle_graph_invalid` if it cannot be loaded
 */
export async function sessionOf(file: string, bytes: Uint8Array): Promise<OrtSession> {
  try {
    return await createSession(bytes);
  } catch (error) {
    throw error instanceof T2lError ? graphInvalid(file, `is refused: ${error.detail}`) : error;
  } finally {
    free(bytes);
  }
}

/** What is wrong with a graph file, or with one tensor of it. */
export function graphInvalid(file: string, problem: string): T2lError {
  return new T2lError('bundle_graph_invalid', 422, `The bundle's graph ${file} ${problem}.`);
}
