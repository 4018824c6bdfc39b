/**
 * Taking turns between the requests of one isolate, where what is done must not be done twice at
 * once for want of memory.
 *
 * In workerd a request may die at any I/O, and its promises then never settle: whoever waits for a
 * turn waits for a bounded time and then takes the turn of the dead.
 */

/** Runs tasks one at a time. */
export type Turns = <T>(task: () => Promise<T>) => Promise<T>;

/** Turns of at most `limitMs` milliseconds; a task that takes longer is waited for no more. */
export function createTurns(limitMs: number): Turns {
  let holder: Promise<void> | undefined;
  return async (task) => {
    while (holder !== undefined) {
      const waitedFor: Promise<void> = holder;
      const over = await settledWithin(
        waitedFor.then(() => true),
        limitMs,
      );
      if (!over && holder === waitedFor) {
        holder = undefined;
      }
    }
    const { promise: mine, resolve: end } = Promise.withResolvers<void>();
    holder = mine;
    try {
      return await task();
    } finally {
      if (holder === mine) {
        holder = undefined;
      }
      end();
    }
  };
}

/** What a promise gives within `ms` milliseconds; undefined if it gave nothing by then. */
export async function settledWithin<T>(promise: Promise<T>, ms: number): Promise<T | undefined> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  try {
    return await Promise.race([promise, timeout]);
  } finally {
    clearTimeout(timer);
  }
}
