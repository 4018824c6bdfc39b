/**
 * Search without regard to how a text was typed. What is stored and what is asked go through the same
 * two steps: the canonical form of descriptions (composed accents, single spaces, nothing invisible),
 * and case folding. JavaScript has no folding; upper case and then lower case comes to the same, but
 * for the Greek sigma, which lower case writes differently at the end of a word.
 *
 * The result is in lower case, so that rows written before this file differ only where migration 0001
 * has made them equal.
 */
import { normaliseDescription } from './description.ts';

/** The form in which texts are compared; empty if there is nothing to look for. */
export function searchText(text: string): string {
  // Composed again: some letters fold into a letter and a mark.
  return normaliseDescription(
    normaliseDescription(text).toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ'),
  );
}

/** What a search looks for; undefined if it narrows nothing. */
export function soughtText(search: string | undefined): string | undefined {
  return search === undefined ? undefined : searchText(search) || undefined;
}
