/** `/v1/base-models/{owner}/{name}`: the file of a base model, where somebody put one, for pages that run it. */

import type { Context } from 'hono';
import { baseModelSchema } from '../contract/documents/base-model.ts';
import { T2lError } from '../contract/errors.ts';
import { BASE_MODEL_FILE, type BaseModelNote } from '../store/base-models.ts';
import type { ByteRange } from '../store/blobs.ts';
import * as z from './described.ts';
import { FILE_HEADERS } from './docs/bytes.ts';
import { problemResponses } from './problem.ts';
import { etagOf } from './range.ts';
import { type App, type AppEnv, addRoute } from './route.ts';
import { REVALIDATED, sendFile } from './send-file.ts';

const PARAMETERS = z.object({
  owner: z.string().openapi({ param: { name: 'owner', in: 'path' }, example: 'HuggingFaceTB' }),
  name: z
    .string()
    .openapi({ param: { name: 'name', in: 'path' }, example: 'SmolLM2-135M-Instruct' }),
});

const binary = z.string().openapi({ format: 'binary' });
const CONTENT = { 'application/octet-stream': { schema: binary } };

/** Adds the routes of base models. */
export function registerBaseModelRoutes(app: App): void {
  addRoute(
    app,
    {
      method: 'get',
      path: '/v1/base-models/{owner}/{name}',
      operationId: 'readBaseModel',
      tags: ['adapters'],
      summary: 'See whether the endpoint has the file of a base model',
      description:
        'The file is for programs that run the base model with an adapter, as the page does. `npm run base-model` puts it there.',
      request: { params: PARAMETERS },
      responses: {
        200: {
          description: 'What the file is.',
          content: { 'application/json': { schema: baseModelSchema } },
        },
        ...problemResponses(['base_model_unknown']),
      },
    },
    readBaseModel,
  );
  addRoute(
    app,
    {
      method: 'get',
      path: '/v1/base-models/{owner}/{name}/{file}',
      operationId: 'readBaseModelFile',
      tags: ['adapters'],
      summary: 'Read the file of a base model',
      description:
        'Also HEAD. `ETag` and `Repr-Digest` are the sha256 that was noted when the file was put there; the bytes are not hashed again. If-None-Match, one byte Range and If-Range are understood.',
      request: {
        params: PARAMETERS.extend({
          file: z
            .string()
            .openapi({ param: { name: 'file', in: 'path' }, example: BASE_MODEL_FILE }),
        }),
        headers: FILE_HEADERS,
      },
      responses: {
        200: { description: 'The file.', content: CONTENT },
        206: { description: 'The range of the file.', content: CONTENT },
        304: { description: 'The client has the file.' },
        ...problemResponses([
          'base_model_unknown',
          'file_unknown',
          'range_malformed',
          'range_unsatisfiable',
        ]),
      },
    },
    readBaseModelFile,
  );
}

async function readBaseModel(c: Context<AppEnv>): Promise<Response> {
  const { id, note } = await find(c);
  c.header('Cache-Control', REVALIDATED);
  return c.json({
    id,
    file: { name: BASE_MODEL_FILE, ...note, url: `/v1/base-models/${id}/${BASE_MODEL_FILE}` },
  });
}

async function readBaseModelFile(c: Context<AppEnv>): Promise<Response> {
  const { id, note } = await find(c);
  if (c.req.param('file') !== BASE_MODEL_FILE) {
    throw new T2lError('file_unknown', `The base model has the file ${BASE_MODEL_FILE}.`);
  }
  return sendFile(c.req.raw, {
    ...note,
    etag: etagOf(note.sha256),
    contentType: 'application/octet-stream',
    cacheControl: REVALIDATED,
    async read(range?: ByteRange) {
      const body = await c.get('services').baseModels.read(id, note, range);
      if (body === null) {
        throw unknown(id);
      }
      return body;
    },
  });
}

async function find(c: Context<AppEnv>): Promise<{ id: string; note: BaseModelNote }> {
  const id = `${c.req.param('owner')}/${c.req.param('name')}`;
  const note = await c.get('services').baseModels.find(id);
  if (note === null) {
    throw unknown(id);
  }
  return { id, note };
}

function unknown(id: string): T2lError {
  return new T2lError(
    'base_model_unknown',
    `There is no file of the base model ${id} here; npm run base-model puts one there.`,
  );
}
