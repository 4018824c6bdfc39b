/**
 * The endpoint as the page calls it: the SDK's client at the page's own origin. It does not try again by
 * itself: the reader sees at once why nothing came, and decides.
 */
import { type AdapterDocument, type AdapterRequest, createClient } from '../sdk/index.ts';
import { parseStages, type Stage } from './stages.ts';

/** An adapter, and where the time of the call went. */
export interface Made {
  readonly document: AdapterDocument;
  readonly stages: readonly Stage[];
}

/** Where the page is served from. */
export const ENDPOINT = location.origin;

/** Calls whose times nobody asks for. */
export const client = createClient({ endpoint: ENDPOINT, retries: 0 });

/** Makes an adapter, or finds it. */
export async function makeAdapter(request: AdapterRequest, signal: AbortSignal): Promise<Made> {
  let timing: string | null = null;
  const timed = createClient({
    endpoint: ENDPOINT,
    retries: 0,
    async fetch(url, init) {
      const response = await fetch(url, init);
      timing = response.headers.get('server-timing');
      return response;
    },
  });
  const document = await timed.generate(request, { signal });
  return { document, stages: parseStages(timing) };
}

/** Reads an adapter that a link names. */
export async function readAdapter(id: string, signal: AbortSignal): Promise<Made> {
  return { document: await client.adapter(id, { signal }), stages: [] };
}
