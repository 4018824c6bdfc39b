/**
 * The canonical form of a description: two requests that read the same get the same adapter id.
 *
 *   what a request says    normaliseDescription, at the door: characters that nobody sees are dropped,
 *                          Unicode is composed (NFC), white space at the ends is dropped and inside it
 *                          becomes one space. Case and punctuation carry meaning for the encoder.
 *   what an id hashes      recordedForm: the same, but invisible characters stay. It is part of the
 *                          id's tag: rows written before the door dropped them hold such characters,
 *                          and their files must be made again from the text as it was recorded.
 *
 * What nobody sees would be worse than a second adapter for one sentence: an override of the writing
 * direction makes a card read as something else, and tag characters carry text past the reader.
 */

/**
 * What fonts show nothing for: Unicode's own list (joiners, soft hyphens, direction marks and overrides,
 * variation selectors, tags, fillers) and the marks around interlinear annotations. Without joiners an
 * emoji falls into its parts, and a word of Persian or Hindi is still the same word.
 */
const INVISIBLE = /[\p{Default_Ignorable_Code_Point}\ufff9-\ufffb]/gu;

/** White space, and characters of scripts that stand for an empty place. */
const WHITE = /[\s\u2800\u{13441}\u{13442}\u{16fe4}\u{1d159}]+/gu;

/** The form of a description that is hashed, encoded and stored; empty if there is nothing to see. */
export function normaliseDescription(text: string): string {
  // Dropped first: what stood on both sides of it may compose.
  return recordedForm(text.replace(INVISIBLE, '').replace(WHITE, ' '));
}

/** The form that adapter ids hash: every normalised description is in it already. */
export function recordedForm(text: string): string {
  return text.normalize('NFC').trim().replace(/\s+/gu, ' ');
}
