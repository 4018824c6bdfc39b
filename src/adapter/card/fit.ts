/** What the fit of an adapter means, in words, with the numbers behind it. */
import type { FitSpec } from '../../bundle/fit-spec.ts';
import { verdictText } from '../fit/words.ts';
import type { Fit } from '../fit.ts';
import { escapeMarkdown } from './escape.ts';

/** The section on fit. */
export function fitSection(fit: Fit, spec: FitSpec | undefined): string[] {
  return ['## Fit', '', ...verdict(fit), ...sizes(spec), ...meaning(spec), ...nearest(fit)];
}

function verdict(fit: Fit): string[] {
  const score = fit.score === null ? '' : ` (${fit.score})`;
  const why = fit.reason === null ? [] : [`Why: ${escapeMarkdown(fit.reason.text)}.`, ''];
  return [`**${fit.verdict}**${score}: ${verdictText(fit)}.`, '', ...why];
}

/** On what sizes of input the hypernetwork was trained. */
function sizes(spec: FitSpec | undefined): string[] {
  return spec?.sizes === undefined ? [] : [escapeMarkdown(spec.sizes), ''];
}

function meaning(spec: FitSpec | undefined): string[] {
  if (spec === undefined) {
    return [];
  }
  const { good, uncertain } = spec.thresholds;
  return [
    `${scoreText(spec)} From ${good} on the verdict is good, from ${uncertain} on uncertain.`,
    '',
  ];
}

function scoreText({ calibration, predictor }: FitSpec): string {
  if (calibration !== undefined) {
    return (
      'The score is the exact match to expect at this strength, 0 to 1, estimated from how close ' +
      'the description is to the training tasks, how much its adapter is like theirs, and how well ' +
      'those are done; it was calibrated on descriptions whose adapters were measured.'
    );
  }
  return predictor === undefined
    ? 'The score is the highest cosine between the description and a training task; it was not ' +
        'calibrated against results.'
    : 'The score is the exact match to expect, 0 to 1, estimated from how close the description ' +
        'is to the training tasks and how well those are done; it was calibrated on tasks that ' +
        'training did not have.';
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
