/**
 * `Server-Timing` for every answer, also for errors: named durations in milliseconds and the total.
 * On Cloudflare the clock stands still between two I/O operations, so pure computation reads 0 there.
 */
import type { MiddlewareHandler } from 'hono';
import type { AppEnv } from './route.ts';

/** The durations of one request, in the order in which they were noted. */
export class Timings {
  readonly #entries = new Map<string, number>();

  /** Notes a duration; one that has the name already grows by it. */
  add(name: string, milliseconds: number): void {
    this.#entries.set(name, (this.#entries.get(name) ?? 0) + milliseconds);
  }

  /** The durations in milliseconds, by the names of steps. */
  entries(): IterableIterator<[string, number]> {
    return this.#entries.entries();
  }

  /** The value of the header. */
  header(): string {
    return [...this.#entries].map(([name, ms]) => `${name};dur=${ms.toFixed(1)}`).join(', ');
  }
}

/** The header's value for an answer of which only the total is known. */
export function totalOnly(milliseconds: number): string {
  return `total;dur=${milliseconds.toFixed(1)}`;
}

/** Measures the request and adds the header. */
export const serverTiming: MiddlewareHandler<AppEnv> = async (c, next) => {
  const timings = new Timings();
  c.set('timings', timings);
  const start = performance.now();
  await next();
  timings.add('total', performance.now() - start);
  c.header('Server-Timing', timings.header());
};
