/** How far to trust an adapter, on a terminal; the words are those of its card and its document. */
import { verdictText } from '../adapter/fit/words.ts';
import type { AdapterDocument } from '../sdk/index.ts';
import type { Output } from './output.ts';

type Fit = AdapterDocument['fit'];

const COLOURS = { good: 'green', uncertain: 'yellow', unfit: 'red', unknown: 'yellow' } as const;

/** The lines of a fit: what to do with the adapter, and why no more is to be expected of it. */
export function fitRows(fit: Fit, output: Output): (readonly [label: string, value: string])[] {
  const verdict = output.style(COLOURS[fit.verdict], fit.verdict);
  return [
    ['fit', `${verdict}${scoreText(fit)}: ${verdictText(fit)}`],
    ...(fit.reason === null ? [] : [['why', fit.reason.text] as const]),
  ];
}

/**
 * What somebody who made an adapter should not miss: that it will not work, or that its strength is the
 * reason for less.
 */
export function fitWarning(fit: Fit): string | undefined {
  if (fit.verdict !== 'unfit' && fit.reason?.code !== 'strength') {
    return undefined;
  }
  const why = fit.reason === null ? '' : ` (${fit.reason.text})`;
  return `fit is ${fit.verdict}${scoreText(fit)}: ${verdictText(fit)}${why}`;
}

function scoreText({ score }: Fit): string {
  return score === null ? '' : ` (${score.toFixed(2)})`;
}
