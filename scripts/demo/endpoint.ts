/** The endpoint that a demo asks: the one it is told, or a fresh one on this machine. */
import { createClient, type T2lClient } from '../../src/sdk/index.ts';
import { startEndpoint } from '../endpoint.ts';

/** Works with a client of the endpoint at `url`, or of one that lives as long as the work. */
export async function withClient<T>(
  url: string | undefined,
  work: (client: T2lClient) => Promise<T>,
): Promise<T> {
  if (url !== undefined) {
    return work(createClient({ endpoint: url }));
  }
  const local = await startEndpoint();
  try {
    return await work(createClient({ endpoint: local.origin }));
  } finally {
    await local.close();
  }
}
