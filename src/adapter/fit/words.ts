/**
 * Fit in words. Whoever tells people of a fit has them from here: the card, the document, the command.
 * A verdict says what to do with an adapter, a reason why no more is to be expected of it.
 */
import type { Fit } from '../fit.ts';

/** What a verdict means. */
export const VERDICT_WORDS: Readonly<Record<Fit['verdict'], string>> = {
  good: 'expect the adapter to work: descriptions like this one mostly do',
  uncertain: 'the adapter may or may not work: test it before use',
  unfit: 'do not expect the adapter to work',
  unknown: 'nothing is known about how well the adapter works: test it before use',
};

/** Why nothing is known, where there is no reason. */
const UNTOLD =
  'nothing is known about how well the description fits, because the hypernetwork does not say what ' +
  'it was trained on: test the adapter before use';

/** What a reason names. */
type Told =
  | { readonly code: 'far'; readonly name: string }
  | { readonly code: 'missing_step'; readonly task: string; readonly step: string }
  | {
      readonly code: 'weak';
      readonly task: string;
      readonly name: string;
      readonly success: number;
    }
  | { readonly code: 'strength'; readonly strength: number; readonly factor: number | undefined };

/** What a fit's verdict means. */
export function verdictText({ verdict, reason }: Pick<Fit, 'verdict' | 'reason'>): string {
  return verdict === 'unknown' && reason === null ? UNTOLD : VERDICT_WORDS[verdict];
}

/** A reason as every surface shows it. */
export function reasonText(told: Told): string {
  switch (told.code) {
    case 'far':
      return `far from everything that ${told.name} was trained on`;
    case 'missing_step':
      return `close to ${told.task}, but nothing trained near it also does ${told.step}`;
    case 'weak':
      return `close to ${told.task}, which ${told.name} learned to ${percent(told.success)}`;
    case 'strength':
      return told.factor === undefined
        ? `measured at strength 1 only; this adapter has ${told.strength}`
        : `made for strength 1: at ${told.strength}, adapters keep ${percent(told.factor)} of what ` +
            'they get right at 1';
  }
}

function percent(share: number): string {
  return `${Math.round(100 * share)}%`;
}
