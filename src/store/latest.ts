/** What was asked for last, and no more of it than there is room for. */

/** A map of a limited size. */
export interface Latest<Value> {
  get(key: string): Value | undefined;
  set(key: string, value: Value): void;
  delete(key: string): void;
}

/** Keeps the `count` values that were set or asked for last. */
export function latest<Value>(count: number): Latest<Value> {
  // A Map iterates in order of insertion: what is asked for is inserted again.
  const values = new Map<string, Value>();

  function set(key: string, value: Value): void {
    values.delete(key);
    values.set(key, value);
    const oldest = values.keys().next().value;
    if (values.size > count && oldest !== undefined) {
      values.delete(oldest);
    }
  }

  return {
    set,
    get(key) {
      const value = values.get(key);
      if (value !== undefined) {
        set(key, value);
      }
      return value;
    },
    delete(key) {
      values.delete(key);
    },
  };
}
