/**
 * Lines of a stream as they arrive. What came in one piece is given in one piece, so that a file is
 * worked through in large steps and a slow pipe line by line.
 */
import { addAbortSignal, type Readable } from 'node:stream';

/** A line of input. */
export interface Line {
  /** From 1. */
  readonly number: number;
  /** Without its end; null if it is not UTF-8. */
  readonly text: string | null;
}

const NEWLINE = 0x0a;

/** The lines of a stream, those that came together in one array; blank ones are counted and left out. */
export async function* lineGroups(stream: Readable, signal: AbortSignal): AsyncGenerator<Line[]> {
  let rest: Buffer = Buffer.alloc(0);
  let number = 0;

  function take(bytes: Uint8Array): Line[] {
    number += 1;
    const text = decoded(bytes, number === 1);
    return text?.trim() === '' ? [] : [{ number, text }];
  }

  for await (const chunk of addAbortSignal(signal, stream)) {
    const bytes = Buffer.concat([rest, Buffer.from(chunk as Uint8Array)]);
    const group: Line[] = [];
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      group.push(...take(bytes.subarray(start, end)));
      start = end + 1;
    }
    rest = bytes.subarray(start);
    if (group.length > 0) {
      yield group;
    }
  }
  const last = rest.length === 0 ? [] : take(rest);
  if (last.length > 0) {
    yield last;
  }
}

/** A byte order mark may only be at the very start. */
function decoded(bytes: Uint8Array, first: boolean): string | null {
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: !first }).decode(bytes);
    return text.replace(/\r$/, '');
  } catch {
    return null;
  }
}
