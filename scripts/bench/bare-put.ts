/**
 * What R2 takes for an adapter and nothing else: a Worker of its own beside the endpoint, over the same bucket, so
 * that the endpoint's isolate holds nothing of it. It puts the files of an adapter once more, under other names,
 * as the endpoint does: all at once, each with its sha256.
 */
import { z } from 'zod';

/** The source of its module. */
export const BARE_PUT = `export default {
  async fetch(request, { ADAPTERS: bucket }) {
    const { objects } = await bucket.list({ prefix: 'adapters' + new URL(request.url).pathname + '/' });
    const files = await Promise.all(objects.map(async ({ key }) => {
      const object = await bucket.get(key);
      const { sha256 } = object.checksums.toJSON();
      return { key: 'bare/' + key, bytes: await object.arrayBuffer(), sha256, metadata: object.httpMetadata };
    }));
    const start = performance.now();
    await Promise.all(files.map(({ key, bytes, sha256, metadata }) =>
      bucket.put(key, bytes, { sha256, httpMetadata: metadata })));
    const milliseconds = performance.now() - start;
    await bucket.delete(files.map(({ key }) => key));
    return Response.json({ milliseconds });
  },
}`;

/** Milliseconds that R2 takes for the files of an adapter. */
export async function barePut(origin: string, id: string): Promise<number> {
  const response = await fetch(`${origin}/${id}`);
  return z.object({ milliseconds: z.number() }).parse(await response.json()).milliseconds;
}
