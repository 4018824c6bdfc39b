/**
 * The card of an adapter as a file: written when it is asked for, from the adapter's row and the manifest
 * of the bundle that made it, and kept nowhere. An id stands for weights and config; what people are told
 * of them may be worded anew at any time, so no row records the hash of a card. Rows of earlier versions
 * do, and store one: it is neither served nor compared.
 */
import { CARD_FILE, type CardFacts, modelCard } from '../adapter/card.ts';
import type { AdapterFile } from '../adapter/peft.ts';
import type { Bundle } from '../bundle/bundle.ts';
import { sha256Hex } from '../contract/adapter-id.ts';
import type { AdapterRow, StoredFile } from '../store/schema.ts';
import { recipeOf } from './effects.ts';
import type { ProducedFile } from './produce.ts';

/** Writes a card. */
export type CardWriter = (facts: CardFacts) => AdapterFile;

/** The files of a row that its id stands for. */
export function recordedFiles({ files }: Pick<AdapterRow, 'files'>): readonly StoredFile[] {
  return files.filter(({ name }) => name !== CARD_FILE);
}

/** The card of a row. */
export function cardOfRow(
  row: AdapterRow,
  { manifest, digest }: Bundle,
  write?: CardWriter,
): Promise<ProducedFile> {
  const facts: CardFacts = {
    id: row.id,
    manifest,
    digest,
    ...recipeOf(row),
    parameters: row.parameters,
    fit: row.fit,
  };
  return cardFile(facts, write);
}

/** The card with its sha256. */
export async function cardFile(
  facts: CardFacts,
  write: CardWriter = modelCard,
): Promise<ProducedFile> {
  const card = write(facts);
  return { ...card, sha256: await sha256Hex(card.bytes) };
}
