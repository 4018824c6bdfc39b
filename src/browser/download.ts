/** A download that says how much of it has come. Retries, problems and pages are the SDK's matter. */
import { T2lError } from '../contract/errors.ts';
import type { Fetch } from '../sdk/options.ts';
import { createTransport } from '../sdk/transport.ts';

const NOT_FOUND = 404;

/**
 * The bytes below an address, or null if there is nothing.
 *
 * @param base without a query
 * @param path from the base on, with its first slash
 * @throws T2lError `endpoint_unreachable`, or what the server says
 */
export async function download(
  base: string,
  path: string,
  report: (loaded: number) => void,
  signal: AbortSignal | undefined,
): Promise<Uint8Array | null> {
  const transport = createTransport({ endpoint: base, fetch: counting(report) });
  try {
    return (await transport({ method: 'GET', path, repeatable: true, signal })).bytes;
  } catch (error) {
    // A plain file server has no problem documents: there the SDK notes what the status was.
    const missing =
      error instanceof T2lError && [error.status, error.extra.answered].includes(NOT_FOUND);
    if (missing) {
      return null;
    }
    throw error;
  }
}

function counting(report: (loaded: number) => void): Fetch {
  return async (url, init) => {
    // What is worth keeping is kept once it is verified. The browser's own cache would hold a second
    // copy, and a damaged one for as long as the server called it immutable.
    const response = await fetch(url, { ...init, cache: 'no-store' });
    if (!response.ok || response.body === null) {
      return response;
    }
    let loaded = 0;
    const counter = new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        loaded += chunk.byteLength;
        report(loaded);
        controller.enqueue(chunk);
      },
    });
    const { status, headers } = response;
    return new Response(response.body.pipeThrough(counter), { status, headers });
  };
}
