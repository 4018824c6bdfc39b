/**
 * What was made of the last few bundles. A bundle is immutable and its digest names it, so remembering
 * saves work and changes nothing else.
 */

/** Gives what was made under a key before, or makes it. */
export type Latest<T> = (key: string, make: () => Promise<T>) => Promise<T>;

/** Remembers the `count` things that were made last. */
export function createLatest<T>(count: number): Latest<T> {
  const made = new Map<string, T>();
  return async (key, make) => {
    const known = made.get(key);
    if (known !== undefined) {
      return known;
    }
    const value = await make();
    const oldest = made.keys().next().value;
    if (made.size >= count && oldest !== undefined) {
      made.delete(oldest);
    }
    made.set(key, value);
    return value;
  };
}
