/** What the fit of a description means, in words, with the numbers behind it. */
import type { FitSpec } from '../../bundle/manifest.ts';
import type { Fit } from '../fit.ts';
import { escapeMarkdown } from './escape.ts';

const VERDICTS: Readonly<Record<Exclude<Fit['verdict'], 'unknown'>, string>> = {
  good: 'expect the adapter to work: descriptions like this one mostly do',
  uncertain: 'the adapter may or may not work: test it before use',
  unfit: 'do not expect the adapter to work: the description is far from what was trained on',
};

/** The section on fit. */
export function fitSection(fit: Fit, spec: FitSpec | undefined): string[] {
  return ['## Fit', '', verdict(fit), '', ...meaning(spec), ...nearest(fit)];
}

function verdict({ verdict: word, score }: Fit): string {
  return word === 'unknown'
    ? '**unknown**: nothing is known about how well the description fits; the hypernetwork came ' +
        'without the descriptions it was trained on. Test the adapter before use.'
    : `**${word}** (${score}): ${VERDICTS[word]}.`;
}

function meaning(spec: FitSpec | undefined): string[] {
  if (spec === undefined) {
    return [];
  }
  const { good, uncertain } = spec.thresholds;
  const score =
    spec.predictor === undefined
      ? 'The score is the highest cosine between the description and a training task; it was not ' +
        'calibrated against results.'
      : 'The score is the exact match to expect, 0 to 1, estimated from how close the description ' +
        'is to the training tasks and how well those are done; it was calibrated on tasks that ' +
        'training did not have.';
  return [`${score} From ${good} on the verdict is good, from ${uncertain} on uncertain.`, ''];
}

function nearest({ nearest: tasks }: Fit): string[] {
  return tasks.length === 0
    ? []
    : [
        'The closest training tasks, by cosine:',
        '',
        ...tasks.map(({ task, similarity }) => `- ${similarity}: ${escapeMarkdown(task)}`),
        '',
      ];
}
