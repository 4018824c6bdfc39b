/** What `Server-Timing` says of the making of an adapter, in words for people. */

/** One step and how long it took. */
export interface Stage {
  readonly name: string;
  readonly words: string;
  readonly milliseconds: number;
}

/** As the endpoint names its steps; one that is not here is shown by its name. */
const WORDS: Readonly<Record<string, string>> = {
  lookup: 'look up',
  load: 'load the network',
  encode: 'encode the sentence',
  run: 'run the hypernetwork',
  pack: 'pack',
  hash: 'hash',
  store: 'store',
  total: 'total',
};
const ENTRY = /^\s*([\w-]+)\s*;\s*dur=([\d.]+)\s*$/;

/** The steps of a header's value, in its order; none if there is no header. */
export function parseStages(header: string | null): readonly Stage[] {
  return (header ?? '').split(',').flatMap((entry) => {
    const [, name, duration] = ENTRY.exec(entry) ?? [];
    return name === undefined
      ? []
      : [{ name, words: WORDS[name] ?? name, milliseconds: Number(duration) }];
  });
}

/** A duration as people read it. */
export function durationText(milliseconds: number): string {
  return milliseconds < 1000
    ? `${Math.round(milliseconds)} ms`
    : `${(milliseconds / 1000).toFixed(1)} s`;
}
