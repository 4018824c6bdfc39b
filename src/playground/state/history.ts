/** What was made in this browser, newest first, in its local storage: nobody else sees it. */
import * as z from 'zod';
import type { AdapterDocument } from '../../sdk/index.ts';

const entrySchema = z.object({
  id: z.string(),
  description: z.string().nullable(),
  hypernet: z.string(),
  strength: z.number(),
  verdict: z.string(),
});

/** One adapter of the list. */
export type HistoryEntry = z.output<typeof entrySchema>;

const KEY = 't2l-edge.history';
const MOST = 20;

/** The list; empty where a browser keeps nothing, or what it kept is not a list. */
export function readHistory(): readonly HistoryEntry[] {
  try {
    return z.array(entrySchema).parse(JSON.parse(localStorage.getItem(KEY) ?? '[]'));
  } catch {
    return [];
  }
}

/** The list with an adapter at its head. */
export function withAdapter(
  entries: readonly HistoryEntry[],
  { id, description, hypernet, strength, fit }: AdapterDocument,
): readonly HistoryEntry[] {
  const entry = { id, description, hypernet: hypernet.name, strength, verdict: fit.verdict };
  return [entry, ...entries.filter((one) => one.id !== id)].slice(0, MOST);
}

/** Keeps the list, where the browser lets the page. */
export function keepHistory(entries: readonly HistoryEntry[]): void {
  try {
    localStorage.setItem(KEY, JSON.stringify(entries));
  } catch {
    // Private windows and full disks: the list is then as long-lived as the page.
  }
}
