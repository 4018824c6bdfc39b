/** Loading one graph file of a bundle into a session. */

import type { Bundle } from '../bundle/bundle.ts';
import { T2lError } from '../contract/errors.ts';
import type { Device } from '../ort/device.ts';
import { free } from '../ort/memory.ts';
import { createSession, type OrtSession, type OrtTensor } from '../ort/session.ts';

/** Reads and verifies a graph of a bundle and loads it. */
export async function openGraph(
  bundle: Pick<Bundle, 'read'>,
  file: string,
  device: Device,
): Promise<OrtSession> {
  return sessionOf(file, await bundle.read(file), device);
}

/**
 * Loads a graph and frees its bytes: the array cannot be used afterwards.
 *
 * @param file its name, for errors
 * @throws T2lError `bundle_graph_invalid` if it cannot be loaded
 */
export async function sessionOf(
  file: string,
  bytes: Uint8Array,
  device: Device,
): Promise<OrtSession> {
  try {
    return await createSession(bytes, device);
  } catch (error) {
    const refused = error instanceof T2lError && error.code === 'bundle_graph_invalid';
    throw refused ? graphInvalid(file, `is refused: ${error.detail}`) : error;
  } finally {
    free(bytes);
  }
}

/**
 * Loads a graph that is needed once, runs it, and gives its memory back; frees the bytes.
 *
 * @param feedsOf checks the graph's inputs and outputs and gives it its inputs
 * @throws T2lError `bundle_graph_invalid` if it cannot be loaded or run, or what `feedsOf` throws
 */
export async function runOnce(
  file: string,
  bytes: Uint8Array,
  device: Device,
  feedsOf: (session: OrtSession) => Record<string, OrtTensor>,
): Promise<Record<string, OrtTensor>> {
  const session = await sessionOf(file, bytes, device);
  try {
    return await session.run(feedsOf(session)).catch((cause: unknown) => {
      throw graphInvalid(file, `cannot be run: ${cause instanceof Error ? cause.message : cause}`);
    });
  } finally {
    await session.release();
  }
}

/** What is wrong with a graph file, or with one tensor of it. */
export function graphInvalid(file: string, problem: string): T2lError {
  return new T2lError('bundle_graph_invalid', `The bundle's graph ${file} ${problem}.`);
}
