/** What an answer says it took. */

/** The durations of a Server-Timing header, in milliseconds. */
export function parseServerTiming(header: string): Map<string, number> {
  const entries = header.matchAll(/([\w-]+);dur=([\d.]+)/g);
  return new Map(Array.from(entries, ([, name = '', ms]) => [name, Number(ms)]));
}
