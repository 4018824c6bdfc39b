/**
 * Answering with adapters: the document that a request for an adapter gets, however it was sent, and
 * the documents of rows.
 */
import type { Context } from 'hono';
import type * as z from 'zod';
import type { adapterSchema } from '../contract/documents/adapter.ts';
import { type createAdapterSchema, inputOf } from '../contract/requests/create-adapter.ts';
import { adapterDocument } from '../pipeline/adapter-document.ts';
import { generateAdapter } from '../pipeline/generate.ts';
import { madeByDigest } from '../pipeline/layout-target.ts';
import type { AdapterRow } from '../store/schema.ts';
import { originOf } from './path.ts';
import type { AppEnv } from './route.ts';

/** Answers with the adapter that a request determines; makes it if there is none. */
export async function answerRequest(
  c: Context<AppEnv>,
  body: z.output<typeof createAdapterSchema>,
): Promise<Response> {
  const { adapter, known } = await adapterOf(c, body);
  c.header('Location', `/v1/adapters/${adapter.id}`);
  return c.json(adapter, known ? 200 : 201);
}

/** The document of the adapter that a request determines, and whether it was known. */
export async function adapterOf(
  c: Context<AppEnv>,
  body: z.output<typeof createAdapterSchema>,
): Promise<{ adapter: z.output<typeof adapterSchema>; known: boolean }> {
  const { row, known } = await generateAdapter(
    {
      input: inputOf(body),
      hypernet: body.hypernet,
      dtype: body.dtype,
      precision: body.precision,
      strength: body.strength,
    },
    c.get('services'),
  );
  const [adapter] = await documentsOf(c, [row], known);
  return { adapter: adapter as z.output<typeof adapterSchema>, known };
}

/** The documents of rows, with the URLs that the request's origin gives their files. */
export async function documentsOf(
  c: Context<AppEnv>,
  rows: readonly AdapterRow[],
  cached: boolean,
): Promise<z.output<typeof adapterSchema>[]> {
  const origin = originOf(c.req.raw, c.env.PUBLIC_ORIGIN);
  const made = await madeByDigest(rows, c.get('services').catalog);
  return rows.map((row) => adapterDocument(row, origin, cached, made.get(row.hypernetDigest)));
}
