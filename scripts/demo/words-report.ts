/** What the demo of the tiny base model shows: of every task a few questions, and scores at the end. */
import { table } from '../command.ts';
import { type Answer, answerLabel, answerText, labelled, wrapped } from './lines.ts';
import { mean, percent } from './scores.ts';

/** Questions of a task that are shown; the others count as much. */
const SHOWN = 2;
/** Answers are short; what is longer is no answer. */
const MAX_LINES = 1;
const ARROW = / -> $/;

/** A question with what both models said. */
export interface Question {
  readonly prompt: string;
  readonly answer: string;
  readonly base: Answer;
  readonly adapted: Answer;
}

/** What came of a task. */
export interface WordResult {
  readonly name: string;
  readonly description: string;
  /** Parts of the questions answered exactly right. */
  readonly base: number;
  readonly adapted: number;
  readonly adapter: string;
  readonly fit: string;
  readonly questions: readonly Question[];
}

/** A task with some of its questions. */
export function taskBlock(result: WordResult, number: number, of: number): string {
  const { name, description, base, adapted, fit, questions } = result;
  const scores = `${percent(base)} -> ${percent(adapted)}`;
  return [
    ...wrapped(`${number}/${of} ${name}, fit ${fit}: ${scores} of ${questions.length} right`),
    ...labelled('', `“${description}”`, Number.POSITIVE_INFINITY),
    ...questions
      .slice(0, SHOWN)
      .flatMap(({ prompt, answer, base, adapted }) => [
        ...labelled('asked', prompt.replace(ARROW, ''), MAX_LINES),
        ...labelled(answerLabel('base', base), answerText(base), MAX_LINES),
        ...labelled(answerLabel('adapted', adapted), answerText(adapted), MAX_LINES),
        ...(adapted.right ? [] : labelled('right', answer, MAX_LINES)),
      ]),
  ].join('\n');
}

/** The scores by world and in all, and those of the training code on all samples if they are known. */
export function summary(
  results: readonly WordResult[],
  python: { readonly score: number; readonly samples: number } | undefined,
): string {
  const worlds = [...Map.groupBy(results, ({ name }) => name.split('/')[0] ?? '')].sort(
    ([a], [b]) => (a < b ? -1 : 1),
  );
  const rows = worlds.map(([world, some]) => scoreRow(world, some));
  return [
    table(
      [['', 'tasks', 'base', 'adapted'], ...rows, scoreRow('mean', results)],
      new Set([1, 2, 3]),
    ),
    ...(python === undefined
      ? []
      : ['', `Python, float32, on all ${python.samples} samples: ${percent(python.score)}`]),
  ].join('\n');
}

function scoreRow(name: string, results: readonly WordResult[]): string[] {
  return [
    name,
    String(results.length),
    percent(mean(results.map(({ base }) => base))),
    percent(mean(results.map(({ adapted }) => adapted))),
  ];
}
