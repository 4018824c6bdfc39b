/** `/v1/adapters/{id}/{file}`: the bytes of an adapter, with everything HTTP offers for fixed bytes. */

import type { Context } from 'hono';
import { LAYOUTS } from '../adapter/layouts.ts';
import { T2lError } from '../contract/errors.ts';
import { WEIGHTS_HEADER } from '../contract/repr-digest.ts';
import { parseAdapterId } from '../contract/requests/names.ts';
import { findFile } from '../pipeline/layout-file.ts';
import { findAdapter } from '../store/find-adapter.ts';
import { ID_CODES, PRODUCE_CODES } from './codes.ts';
import * as z from './described.ts';
import { FILE_CONTENT, IMMUTABLE_FILE_HEADERS, RANGE_CONTENT } from './docs/bytes.ts';
import { ID_PARAMETER } from './id-parameter.ts';
import { knownFile } from './known-file.ts';
import { problemResponses } from './problem.ts';
import { readQuery } from './query.ts';
import { etagOf, matchAllows } from './range.ts';
import { type App, type AppEnv, addRoute } from './route.ts';
import { IMMUTABLE, REVALIDATED, type SentFile, sendFile } from './send-file.ts';

/** Adds the route of adapter files. */
export function registerFileRoutes(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/v1/adapters/{id}/{file}',
      operationId: 'readAdapterFile',
      tags: ['adapters'],
      summary: 'Read a file of an adapter',
      description:
        'Also HEAD. Weights and config never change. `README.md`, the card, `adapter.gguf` and the files of another layout are made on demand and may be made otherwise by a later release. `ETag` is the sha256 of the file, but for `adapter.gguf` and another layout a hash of what they are made from. `Repr-Digest` is the sha256 of the whole file either way; HEAD has it only where `ETag` is the sha256. `T2L-Weights` names the sha256 of the weights that another layout is made of, as the document has it. Stored bytes are hashed before they are sent (of files above 4 MiB one read in 16) or copied for other readers, and made again if they are damaged. If-None-Match, If-Match, one byte Range and If-Range are understood.',
      request: {
        params: ID_PARAMETER.extend({
          file: z.string().openapi({
            param: { name: 'file', in: 'path' },
            example: 'adapter_model.safetensors',
          }),
        }),
        headers: IMMUTABLE_FILE_HEADERS,
        query: z.object({
          layout: z.enum(LAYOUTS).optional().openapi({
            description:
              'How the files are laid out: as PEFT has them, which is the default, for Workers AI (`adapter_model.safetensors`, `adapter_config.json`) or for MLX (`adapters.safetensors`, `adapter_config.json`).',
          }),
        }),
      },
      responses: {
        200: {
          description: 'The file.',
          content: FILE_CONTENT,
        },
        206: { description: 'The range of the file.', content: RANGE_CONTENT },
        304: { description: 'The client has the file.' },
        307: { description: 'The id was a prefix; the location has all of it.' },
        ...problemResponses([
          ...ID_CODES,
          'file_unknown',
          'layout_unknown',
          'layout_unavailable',
          'rate_limited',
          'parameter_repeated',
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
  const name = c.req.param('file') ?? '';
  const plain = Object.keys(c.req.query()).length === 0;
  const known = plain ? await knownFile(c, given, name) : undefined;
  if (known !== undefined) {
    return sendIf(c, { ...known, etag: etagOf(known.sha256), cacheControl: IMMUTABLE });
  }
  const row = await findAdapter(services.adapters, given);
  services.recorded.note(row);
  const { layout } = readQuery(c, z.looseObject({ layout: z.string().optional() }));
  const file = await findFile(row, name, layout, services);
  if (!parseAdapterId(given).whole) {
    // A prefix may become ambiguous, so what it answers must not be cached for ever.
    const query = layout === undefined ? '' : `?layout=${layout}`;
    return c.redirect(`/v1/adapters/${row.id}/${file.name}${query}`, 307);
  }
  const cacheControl = file.lasting ? IMMUTABLE : REVALIDATED;
  const madeOf = file.sha256 === undefined ? { [WEIGHTS_HEADER]: file.weights } : {};
  return sendIf(c, { ...file, etag: etagOf(file.tag), cacheControl }, madeOf);
}

/** Sends a file if the request allows it to be this one. */
function sendIf(
  c: Context<AppEnv>,
  file: SentFile,
  extra?: Readonly<Record<string, string>>,
): Promise<Response> {
  if (!matchAllows(c.req.header('if-match'), file.etag)) {
    throw new T2lError('precondition_failed', `If-Match must name ${file.etag}.`);
  }
  return sendFile(c.req.raw, file, extra);
}
