/**
 * Cloudflare's REST API for fine-tunes, the three calls of it that publishing needs:
 *
 *   GET  /accounts/{account}/ai/finetunes                          list
 *   POST /accounts/{account}/ai/finetunes                          {model, name, description}
 *   POST /accounts/{account}/ai/finetunes/{id}/finetune-assets     multipart: file_name, file
 *
 * The API reference shows the `result` of the list as one object and the client libraries read an
 * array, so both are taken.
 */
import * as z from 'zod';
import { call, invalidAnswer, type WorkersAiConnection } from './workers-ai-transport.ts';

/** One fine-tune of an account. */
export type Finetune = z.infer<typeof finetuneSchema>;

/** One page of an account's fine-tunes. */
interface FinetunePage {
  readonly finetunes: readonly Finetune[];
  /** How many there are on all pages, where Cloudflare says so. */
  readonly total: number | undefined;
}

/** A call without a file takes a second; one with 300 MB over a slow line takes minutes. */
const CALL_TIMEOUT_MS = 60_000;
const UPLOAD_TIMEOUT_MS = 15 * 60_000;

const finetuneSchema = z.object({
  id: z.string().min(1),
  name: z.string(),
  model: z.string(),
  description: z.string().nullish(),
});

const listSchema = z.union([
  z.array(finetuneSchema),
  finetuneSchema.transform((one) => [one]),
  z.null().transform(() => []),
]);

/** One page of the fine-tunes of an account; the first is asked for without a page number. */
export async function listFinetunes(
  connection: WorkersAiConnection,
  page: number,
): Promise<FinetunePage> {
  const query = page === 1 ? '' : `?page=${page}`;
  const envelope = await call(connection, 'list the fine-tunes', `finetunes${query}`, {
    method: 'GET',
    timeoutMs: CALL_TIMEOUT_MS,
  });
  const finetunes = listSchema.safeParse(envelope.result);
  if (!finetunes.success) {
    throw invalidAnswer('list the fine-tunes');
  }
  return { finetunes: finetunes.data, total: envelope.result_info?.total_count };
}

/** Makes a fine-tune without files. */
export async function createFinetune(
  connection: WorkersAiConnection,
  body: { model: string; name: string; description: string },
): Promise<Finetune> {
  const envelope = await call(connection, 'create the fine-tune', 'finetunes', {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
    timeoutMs: CALL_TIMEOUT_MS,
  });
  const finetune = finetuneSchema.safeParse(envelope.result);
  if (!finetune.success) {
    throw invalidAnswer('create the fine-tune');
  }
  return finetune.data;
}

/** Gives a fine-tune one of its files. */
export async function uploadAsset(
  connection: WorkersAiConnection,
  finetuneId: string,
  file: { name: string; type: string; bytes: Uint8Array },
): Promise<void> {
  const form = new FormData();
  form.set('file_name', file.name);
  form.set(
    'file',
    new Blob([file.bytes as Uint8Array<ArrayBuffer>], { type: file.type }),
    file.name,
  );
  const path = `finetunes/${encodeURIComponent(finetuneId)}/finetune-assets`;
  await call(connection, `upload ${file.name}`, path, {
    method: 'POST',
    body: form,
    timeoutMs: UPLOAD_TIMEOUT_MS,
  });
}
