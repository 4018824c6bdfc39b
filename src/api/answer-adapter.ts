/**
 * Answering with adapters: the document that a request for an adapter gets, however it was sent, and
 * the documents of rows.
 */
import type { Context } from 'hono';
import type * as z from 'zod';
import { madeCount } from '../contract/counts.ts';
import type { adapterSchema } from '../contract/documents/adapter.ts';
import { type createAdapterSchema, inputOf } from '../contract/requests/create-adapter.ts';
import type { Env } from '../env.ts';
import { adapterDocument } from '../pipeline/adapter-document.ts';
import { type AdapterRequest, generateAdapter, type Outcome } from '../pipeline/generate.ts';
import { madeByDigest } from '../pipeline/layout-target.ts';
import type { AdapterRow } from '../store/schema.ts';
import { count, countWritten } from './counting.ts';
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
  const outcome = await generateAdapter(wishedOf(body, c.env), c.get('services'));
  countOutcome(outcome);
  return { adapter: await outcomeDocument(c, outcome), known: outcome.known };
}

/** What a body that the schema passed wishes for. */
export function wishedOf(
  body: z.output<typeof createAdapterSchema>,
  env: Pick<Env, 'UNFIT'>,
): AdapterRequest {
  return {
    input: inputOf(body),
    hypernet: body.hypernet,
    dtype: body.dtype,
    precision: body.precision,
    strength: body.strength,
    unlisted: body.unlisted,
    allowUnfit: body.allow_unfit ?? allowsUnfit(env),
  };
}

/** Counts an adapter that somebody asked for. */
export function countOutcome({ row, known }: Outcome): void {
  if (known) {
    count(madeCount('known', row.hypernetDigest));
  } else {
    countWritten(madeCount('made', row.hypernetDigest));
  }
}

/** The document of an outcome. */
export async function outcomeDocument(
  c: Context<AppEnv>,
  { row, known }: Outcome,
): Promise<z.output<typeof adapterSchema>> {
  const [adapter] = await documentsOf(c, [row], known);
  return adapter as z.output<typeof adapterSchema>;
}

/**
 * Whether an adapter is made that is not expected to work, where the request does not say. A word that is
 * not known allows nothing.
 */
export function allowsUnfit({ UNFIT: configured }: Pick<Env, 'UNFIT'>): boolean {
  return !configured || configured === 'make';
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
