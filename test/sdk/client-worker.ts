/** A Worker that uses the SDK, for test/sdk/worker.test.ts. */
import { createClient, T2lError } from '../../src/sdk/index.ts';

interface Env {
  /** The endpoint, as a service of the same account. */
  readonly T2L: Fetcher;
}

async function viaService(env: Env, description: string): Promise<object> {
  const client = createClient({
    endpoint: 'https://t2l.internal',
    token: 'another-token',
    fetch: (url, init) => env.T2L.fetch(url, init),
  });
  const document = await client.generate({ description });
  // Through a redirect: the endpoint sends the prefix of an id on to the whole id.
  const short = { ...document, id: document.id.slice(0, 12) };
  const weights = await client.download(short, 'adapter_model.safetensors');
  const refused = await client.remove(document.id).catch((error: unknown) => error);
  return {
    document,
    id: await client.adapterId({ description }),
    bytes: weights.byteLength,
    refused: refused instanceof T2lError ? refused.code : 'nothing',
  };
}

async function viaNetwork(endpoint: string): Promise<object> {
  const client = createClient({ endpoint, token: 'secret' });
  const signal = AbortSignal.timeout(5000);
  return client.health({ signal });
}

// biome-ignore lint/style/noDefaultExport: workerd looks for it.
export default {
  async fetch(request: Request, env: Env): Promise<Response> {
    const { searchParams } = new URL(request.url);
    const endpoint = searchParams.get('endpoint');
    return Response.json(
      endpoint === null
        ? await viaService(env, searchParams.get('description') ?? '')
        : await viaNetwork(endpoint),
    );
  },
};
