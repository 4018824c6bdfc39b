/** What came of the traffic: times by kind of request, answers by status and code, and what was wrong. */
import { percentile } from '../load.ts';

/** The requests of a kind. */
export interface KindFigures {
  readonly kind: string;
  readonly requests: number;
  readonly p50_ms: number;
  readonly p95_ms: number;
  readonly p99_ms: number;
  /** Answers by status, with the code of a problem. */
  readonly answers: Readonly<Record<string, number>>;
}

/** Counts requests. */
export class Tally {
  readonly #latencies = new Map<string, number[]>();
  readonly #answers = new Map<string, Map<string, number>>();
  /** Answers whose bytes were others than before. */
  readonly wrong: string[] = [];
  /** Answers that nothing explains. */
  readonly unexplained: string[] = [];

  /** Notes an answer. */
  add(kind: string, ms: number, answer: string): void {
    const times = this.#latencies.get(kind) ?? [];
    times.push(ms);
    this.#latencies.set(kind, times);
    const answers = this.#answers.get(kind) ?? new Map<string, number>();
    answers.set(answer, (answers.get(answer) ?? 0) + 1);
    this.#answers.set(kind, answers);
  }

  get requests(): number {
    return [...this.#latencies.values()].reduce((sum, times) => sum + times.length, 0);
  }

  /** The kinds, and all of them together, as they were asked for most. */
  figures(): KindFigures[] {
    const all: [string, number[]] = ['all', [...this.#latencies.values()].flat()];
    return [...this.#latencies, all]
      .map(([kind, times]) => ({
        kind,
        requests: times.length,
        p50_ms: percentile(times, 0.5),
        p95_ms: percentile(times, 0.95),
        p99_ms: percentile(times, 0.99),
        answers: Object.fromEntries([...(this.#answers.get(kind) ?? [])].sort()),
      }))
      .sort((one, other) => other.requests - one.requests);
  }
}
