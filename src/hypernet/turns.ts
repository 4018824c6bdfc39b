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
      const over = await settledWithin(waitedFor, limitMs);
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

async function settledWithin(promise: Promise<void>, ms: number): Promise<boolean> {
  let timer: ReturnType<typeof setTimeout> | undefined;
  const timeout = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), ms);
  });
  try {
    return await Promise.race([promise.then(() => true), timeout]);
  } finally {
    clearTimeout(timer);
  }
}
