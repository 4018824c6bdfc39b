/**
 * The one fine-tune of a name: found in the account's list, or made.
 *
 * Creating is never simply sent again: whether an attempt whose answer got lost had worked is seen in
 * the list, so every try begins with it.
 */

import { WORKERS_AI_MAX_FINETUNES } from '../adapter/workers-ai-models.ts';
import { T2lError } from '../contract/errors.ts';
import { HEX_64 } from '../contract/hex.ts';
import { patiently, TryAgain, type Wait } from './patience.ts';
import { createFinetune, type Finetune, listFinetunes } from './workers-ai-api.ts';
import type { PublishedAdapter } from './workers-ai-checks.ts';
import { Refusal, type WorkersAiConnection } from './workers-ai-transport.ts';

const ID = new RegExp(HEX_64);

/** More pages than 100 fine-tunes can fill, so that a list without end is noticed. */
const MAX_PAGES = 100;
/** How Cloudflare may say that a name or a file is taken, where it does not say 409. */
const PRESENT = /already (exists?|been uploaded|uploaded)|duplicate/i;

/**
 * The fine-tune of a name, and whether this call made it.
 *
 * @throws T2lError `publish_conflict` if the name belongs to another model or adapter
 */
export async function ensureFinetune(
  connection: WorkersAiConnection,
  document: PublishedAdapter,
  { model, name }: { model: string; name: string },
  wait: Wait,
): Promise<{ finetune: Finetune; created: boolean }> {
  const { signal } = connection;
  let attempted = false;
  return patiently(
    async () => {
      const all = await patiently(() => listAll(connection), wait, signal);
      const same = all.filter((one) => one.name === name);
      const existing = same.find((one) => one.model === model);
      if (same.length > 0) {
        return { finetune: checkExisting(existing, same, document, model), created: attempted };
      }
      try {
        const description = `Adapter ${document.id} for ${document.base_model}`;
        const finetune = await createFinetune(connection, { model, name, description });
        return { finetune, created: true };
      } catch (error) {
        // Refused, it was not made; after any other failure it may have been.
        attempted = !(error instanceof Refusal);
        throw error instanceof Refusal ? refusedCreation(error, model, name, all.length) : error;
      }
    },
    wait,
    signal,
  );
}

async function listAll(connection: WorkersAiConnection): Promise<Finetune[]> {
  const found = new Map<string, Finetune>();
  for (let page = 1; page <= MAX_PAGES; page++) {
    const before = found.size;
    const { finetunes, total } = await listPage(connection, page);
    for (const finetune of finetunes) {
      found.set(finetune.id, finetune);
    }
    if (total === undefined || found.size >= total) {
      return [...found.values()];
    }
    if (found.size === before) {
      break;
    }
  }
  // One that is not seen would be made a second time.
  throw new T2lError(
    'publish_answer_invalid',
    `Cloudflare says that there are more fine-tunes than the ${found.size} it lists.`,
  );
}

async function listPage(connection: WorkersAiConnection, page: number) {
  try {
    return await listFinetunes(connection, page);
  } catch (error) {
    if (error instanceof Refusal) {
      throw refused(error, {
        unknown: `Cloudflare knows no account ${connection.accountId}`,
        otherwise: `Cloudflare does not list the fine-tunes of account ${connection.accountId}`,
      });
    }
    throw error;
  }
}

function checkExisting(
  existing: Finetune | undefined,
  same: readonly Finetune[],
  document: PublishedAdapter,
  model: string,
): Finetune {
  if (existing === undefined) {
    throw new T2lError(
      'publish_conflict',
      `A fine-tune named ${same[0]?.name} exists for ${same[0]?.model}, not for ${model}. ` +
        'Publish under another name.',
    );
  }
  const other = ID.exec(existing.description ?? '')?.[0];
  if (other !== undefined && other !== document.id) {
    throw new T2lError(
      'publish_conflict',
      `The fine-tune ${existing.name} holds the adapter ${other}, not ${document.id}; the files of ` +
        'a fine-tune cannot be replaced. Publish under another name.',
    );
  }
  return existing;
}

function refusedCreation(error: Refusal, model: string, name: string, count: number): Error {
  if (isPresent(error)) {
    // Somebody made it since the list was read: the next list has it.
    return new TryAgain(
      undefined,
      new T2lError(
        'publish_conflict',
        `Cloudflare says that ${name} exists, but does not list it: ${error.reasons}`,
      ),
    );
  }
  if (count >= WORKERS_AI_MAX_FINETUNES) {
    return new T2lError(
      'publish_full',
      `The account has ${count} fine-tunes, and Workers AI allows ${WORKERS_AI_MAX_FINETUNES}: ` +
        `there is no room for another one. Cloudflare said: ${error.reasons}`,
    );
  }
  return refused(error, {
    unknown: `Workers AI has no model ${model} that takes adapters`,
    otherwise: `Cloudflare does not create a fine-tune of ${model}`,
  });
}

/** Whether Cloudflare refuses something because it is there. */
export function isPresent({ status, reasons }: Refusal): boolean {
  return status === 409 || PRESENT.test(reasons);
}

/** The error of a refusal: what it means if something is not there, and what otherwise. */
export function refused(
  { status, reasons }: Refusal,
  { unknown, otherwise }: { unknown: string; otherwise: string },
): T2lError {
  const said = `(status ${status}: ${reasons})`;
  return status === 404
    ? new T2lError('publish_target_unknown', `${unknown} ${said}.`)
    : new T2lError('publish_refused', `${otherwise} ${said}.`);
}
