/**
 * Workers that do nothing but the one thing: what reading costs without an endpoint around it. Each answers
 * as an endpoint has to: a file with its length and a tag, and 304 with the two headers that RFC 9110 wants.
 */

/** Name -> source of the module. */
export const BARE_WORKERS = {
  r2: `export default {
    async fetch(request, { ADAPTERS }) {
      const object = await ADAPTERS.get(new URL(request.url).pathname.slice(1));
      const headers = { etag: object.httpEtag, 'content-length': String(object.size) };
      return new Response(object.body, { headers });
    },
  }`,
  cache: `export default {
    async fetch(request, { ADAPTERS }) {
      const { pathname } = new URL(request.url);
      const copy = await caches.default.match('https://bare.invalid' + pathname);
      if (copy) {
        return copy;
      }
      const object = await ADAPTERS.get(pathname.slice(1));
      const bytes = await object.arrayBuffer();
      const headers = {
        etag: object.httpEtag,
        'content-length': String(object.size),
        'cache-control': 'public, max-age=3600',
      };
      await caches.default.put('https://bare.invalid' + pathname, new Response(bytes, { headers }));
      return new Response(bytes, { headers });
    },
  }`,
  'not-modified': `export default {
    fetch(request) {
      const etag = request.headers.get('if-none-match');
      const headers = { etag, 'cache-control': 'public, max-age=31536000, immutable' };
      return new Response(null, { status: etag === null ? 200 : 304, headers });
    },
  }`,
  d1: `export default {
    async fetch(request, { DB }) {
      const id = new URL(request.url).pathname.split('/').at(-1);
      const row = await DB.prepare('SELECT * FROM adapters WHERE id = ?').bind(id).first();
      return Response.json(row);
    },
  }`,
} as const;

export type BareWorker = keyof typeof BARE_WORKERS;
