/**
 * How a description may be read. Encoders drop accents, marks and characters that they do not know, so a word
 * that is typed with them reaches the network as if it had none; a moderator that sees only what was typed may
 * not know it again. So it is asked about both, where they differ.
 */

/** What encoders do not read: marks over and through letters, characters without a meaning or a shape. */
const UNREAD = /[\p{M}\p{Cf}\p{Co}\p{Cn}\ufffd]/gu;

/** A description as it was typed, and as it is read. */
export function readingsOf(description: string): readonly string[] {
  const read = description.normalize('NFKD').replace(UNREAD, '').normalize('NFC').trim();
  return read === '' || read === description ? [description] : [description, read];
}
