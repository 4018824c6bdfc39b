/**
 * The canonical form of a description.
 *
 * Two requests that read the same must get the same adapter id, so Unicode is composed (NFC), outer
 * white space is dropped and inner white space becomes one space. Nothing else changes: case and
 * punctuation carry meaning for the encoder.
 */

/** The form of a description that is hashed, encoded and stored. */
export function normaliseDescription(text: string): string {
  return text.normalize('NFC').trim().replace(/\s+/gu, ' ');
}
