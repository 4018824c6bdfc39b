/** The cursor of the audit: where a slice begins, opaque to clients and to whoever stores it. */
import { decodeCursor, encodeCursor, type ListPosition } from './cursor.ts';
import { HEX_64, isHex64 } from './hex.ts';

/** Where a slice of an audit begins. */
export type AuditPlace =
  | { readonly part: 'adapters'; readonly after?: ListPosition | undefined }
  | { readonly part: 'orphans'; readonly after?: string | undefined }
  | { readonly part: 'bundles'; readonly after?: string | undefined };

/** What every text of a place looks like. */
export const AUDIT_CURSOR = new RegExp(
  `^(adapters(\\.[A-Za-z0-9_-]{88,107})?|(orphans|bundles)(\\.${HEX_64})?)$`,
);

/** The text of a place: `adapters`, `adapters.<cursor>`, `orphans.<id>`, `bundles.<digest>` and so on. */
export function encodeAuditPlace({ part, after }: AuditPlace): string {
  const position = typeof after === 'object' ? encodeCursor(after) : after;
  return position === undefined ? part : `${part}.${position}`;
}

/** The place that a text stands for; undefined if we never wrote such a text. */
export function decodeAuditPlace(text: string): AuditPlace | undefined {
  const [part, position] = text.split('.', 2);
  if (part === 'adapters') {
    const after = position === undefined ? undefined : decodeCursor(position);
    return position === undefined || after !== undefined ? { part, after } : undefined;
  }
  if (part === 'orphans' || part === 'bundles') {
    const lawful = position === undefined || isHex64(position);
    return lawful ? { part, after: position } : undefined;
  }
  return undefined;
}
