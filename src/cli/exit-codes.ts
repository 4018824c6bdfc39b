/** What the process ends with: the help lists these, and scripts may rely on them. */
import { T2lError } from '../contract/errors.ts';

export const EXIT = {
  ok: 0,
  failed: 1,
  /** Wrong usage or input: repeating the command will not help. */
  usage: 2,
  notFound: 3,
  /** The endpoint cannot be reached or cannot work now: repeating the command later may help. */
  unavailable: 4,
  interrupted: 130,
} as const;

/** The end of the help text. */
export const EXIT_HELP = `
Exit codes: 0 done, 1 failed, 2 wrong usage or input, 3 not found, 4 endpoint unreachable or
unavailable, 130 interrupted.`;

const USAGE = new Set([400, 413, 415, 416, 422]);
const UNAVAILABLE = new Set([429, 502, 503, 504]);

/** The exit code of a failure. */
export function exitCodeOf(error: unknown): number {
  if (!(error instanceof T2lError)) {
    return isAbort(error) ? EXIT.interrupted : EXIT.failed;
  }
  if (error.status === 404) {
    return EXIT.notFound;
  }
  if (USAGE.has(error.status) || error.code === 'adapter_prefix_ambiguous') {
    return EXIT.usage;
  }
  return UNAVAILABLE.has(error.status) ? EXIT.unavailable : EXIT.failed;
}

/** Whether work ended because somebody asked it to. */
export function isAbort(error: unknown): boolean {
  return error instanceof Error && error.name === 'AbortError';
}
