/** The cursor of the adapter list: where the last page ended, opaque to clients. */
import * as z from 'zod';
import { HEX_64 } from './hex.ts';

/** The place in the list after which a page begins. */
export interface ListPosition {
  /** Unix time in milliseconds. */
  readonly createdAt: number;
  readonly id: string;
}

/** The characters of every cursor and how many there can be: base64url of `decodeCursor`'s text. */
export const CURSOR = /^[A-Za-z0-9_-]{88,107}$/;

const POSITION = new RegExp(`^(\\d{1,15})\\.(${HEX_64})$`);

/** The text that a client sends back to get the next page. */
export function encodeCursor({ createdAt, id }: ListPosition): string {
  return btoa(`${createdAt}.${id}`).replaceAll('+', '-').replaceAll('/', '_').replaceAll('=', '');
}

/** The position a cursor stands for; undefined if we never made such a cursor. */
export function decodeCursor(cursor: string): ListPosition | undefined {
  let text: string;
  try {
    text = atob(cursor.replaceAll('-', '+').replaceAll('_', '/'));
  } catch {
    return undefined;
  }
  const match = POSITION.exec(text);
  return match?.[1] && match[2] ? { createdAt: Number(match[1]), id: match[2] } : undefined;
}

/**
 * The parameter `cursor`, read as what it stands for.
 *
 * @param source where a client finds a cursor, for the message
 * @param decode what a text stands for; undefined if we never made it
 */
export function cursorSchema<Position>(
  source: string,
  decode: (text: string) => Position | undefined,
) {
  return z.string().transform((text, context): Position => {
    const position = decode(text);
    if (position === undefined) {
      context.addIssue({ code: 'custom', message: `cursor must be ${source}, unchanged.` });
      return z.NEVER;
    }
    return position;
  });
}
