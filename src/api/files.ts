/** `/v1/adapters/{id}/{file}`: the bytes of an adapter, with everything HTTP offers for fixed bytes. */
import { z } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { T2lError } from '../errors.ts';
import { readFile } from '../generate.ts';
import type { AdapterRow, StoredFile } from '../store/schema.ts';
import { findAdapter, ID_PARAMETER } from './adapters.ts';
import { ID_CODES, PRODUCE_CODES } from './codes.ts';
import { problemResponses } from './problem.ts';
import { etagOf, matchAllows, noneMatchNames, parseRange } from './range.ts';
import { parseAdapterId } from './requests.ts';
import { type App, type AppEnv, addRoute } from './route.ts';

/**
 * A year: an id always means the same bytes. And these bytes: a proxy that compressed them would have
 * to drop the strong entity tag and the ranges with it.
 */
const IMMUTABLE = 'public, max-age=31536000, immutable, no-transform';

/** Adds the route of adapter files. */
export function registerFileRoutes(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/v1/adapters/{id}/{file}',
      summary: 'Read a file of an adapter',
      description:
        'Also HEAD. `ETag` is the sha256 of the file; If-None-Match, If-Match, one byte Range and If-Range are understood.',
      request: {
        params: ID_PARAMETER.extend({
          file: z.string().openapi({
            param: { name: 'file', in: 'path' },
            example: 'adapter_model.safetensors',
          }),
        }),
      },
      responses: {
        200: {
          description: 'The file.',
          content: {
            'application/octet-stream': { schema: z.string().openapi({ format: 'binary' }) },
          },
        },
        206: { description: 'The range of the file.' },
        304: { description: 'The client has the file.' },
        307: { description: 'The id was a prefix; the location has all of it.' },
        ...problemResponses([
          ...ID_CODES,
          'file_unknown',
          'precondition_failed',
          'range_malformed',
          'range_unsatisfiable',
          'adapter_bytes_changed',
          ...PRODUCE_CODES,
        ]),
      },
    },
    readAdapterFile,
  );
}

async function readAdapterFile(c: Context<AppEnv>): Promise<Response> {
  const services = c.get('services');
  const given = c.req.param('id') ?? '';
  const row = await findAdapter(services.adapters, given);
  const file = fileOf(row, c.req.param('file') ?? '');
  if (!parseAdapterId(given).whole) {
    // A prefix may become ambiguous, so what it answers must not be cached for ever.
    return c.redirect(`/v1/adapters/${row.id}/${file.name}`, 307);
  }
  const etag = etagOf(file.sha256);
  if (!matchAllows(c.req.header('if-match'), etag)) {
    throw new T2lError('precondition_failed', 412, `If-Match must name ${etag}.`);
  }
  const headers = new Headers({
    ETag: etag,
    'Cache-Control': IMMUTABLE,
    'Accept-Ranges': 'bytes',
  });
  if (noneMatchNames(c.req.header('if-none-match'), etag)) {
    return new Response(null, { status: 304, headers });
  }
  headers.set('Content-Type', file.contentType);
  headers.set('Content-Length', String(file.bytes));
  if (c.req.method === 'HEAD') {
    return new Response(null, { headers });
  }
  const range = parseRange(c.req.header('range'), c.req.header('if-range'), etag, file.bytes);
  if (range !== undefined) {
    const last = range.offset + range.length - 1;
    headers.set('Content-Range', `bytes ${range.offset}-${last}/${file.bytes}`);
    headers.set('Content-Length', String(range.length));
  }
  const body = await readFile(row, file, range, services);
  return new Response(body as BodyInit, { status: range ? 206 : 200, headers });
}

function fileOf(row: AdapterRow, name: string): StoredFile {
  const file = row.files.find((one) => one.name === name);
  if (file === undefined) {
    const names = row.files.map((one) => one.name).join(', ');
    throw new T2lError('file_unknown', 404, `The adapter has the files ${names}.`);
  }
  return file;
}
