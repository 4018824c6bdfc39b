/**
 * What an endpoint counts, by name: `answer:200`, `problem:rate_limited`, `made:<digest>`, `ms:run:150`. A
 * time is counted in a bucket, named by its upper bound, so that counts of many isolates add up and the parts
 * of a distribution can still be read off. Nothing of a request is in a name but its kind.
 */

/** Upper bounds of buckets, in milliseconds; the last one has everything above. */
export const BUCKETS: readonly number[] = [
  ...[1, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100, 150, 200, 300, 500, 700],
  ...[1000, 1500, 2000, 3000, 5000, 7000, 10_000, 15_000, 30_000, 90_000],
];

/** What is counted of a version's adapters: made, found, or failed for a reason of the version's. */
export type Made = 'made' | 'known' | 'failed';

/** The name of a count of an adapter of a version. */
export function madeCount(what: Made, digest: string): string {
  return `${what}:${digest}`;
}

/** The name of the count of answers with a status. */
export function answerCount(status: number): string {
  return `answer:${status}`;
}

/** The name of the count of problems with a code. */
export function problemCount(code: string): string {
  return `problem:${code}`;
}

/** Of bytes of files that were sent: what says how long it is. */
export const BYTES_COUNT = 'bytes';

/** The name of the bucket of a step that a duration falls into. */
export function timeCount(step: string, milliseconds: number): string {
  const bound = BUCKETS.find((one) => milliseconds <= one) ?? BUCKETS.at(-1);
  return `ms:${step}:${bound}`;
}
