/** Ctrl-C where part of the work is done by then: what is said of it is not that nothing was written. */

/** The end that somebody asked for, with what is left of the work. */
export class Interruption extends Error {
  override readonly name = 'AbortError';
  readonly left: string;

  /** @param left what there is now, as the end of a sentence */
  constructor(left: string) {
    super(left);
    this.left = left;
  }
}
