/** What the demo of a language model shows: every question with both answers, and scores at the end. */
import { table } from '../command.ts';
import { type Answer, answerLabel, answerText, labelled, wrapped } from './lines.ts';
import { mean, percent } from './scores.ts';

/** Lines of one answer; a model without an adapter may go on and on. */
const MAX_LINES = 3;

/** A question with what both models said. */
export interface Question {
  readonly input: string;
  readonly answers: readonly string[];
  readonly base: Answer;
  readonly adapted: Answer;
  /** Whether training's evaluation got it right. */
  readonly python?: boolean | undefined;
}

/** What came of a task. */
export interface ChatResult {
  readonly name: string;
  readonly family: string;
  readonly description: string;
  readonly adapter: string;
  readonly fit: string;
  /** Parts of the questions answered exactly right. */
  readonly base: number;
  readonly adapted: number;
  /** The same of training's evaluation, if it is known. */
  readonly python: number | undefined;
  /** Whether that is of the same questions, or of all that the file has. */
  readonly pythonIsOfSame: boolean;
  readonly questions: readonly Question[];
}

/** A task with its questions. */
export function taskBlock(result: ChatResult, number: number, of: number): string {
  const { name, family, description, fit, questions } = result;
  return [
    ...wrapped(`${number}/${of} ${name} (${family}), fit ${fit}`),
    ...labelled('', `“${description}”`, Number.POSITIVE_INFINITY),
    ...questions.flatMap((question) => ['', ...questionLines(question)]),
  ].join('\n');
}

/** The scores by family and in all, beside those of training's evaluation. */
export function summary(results: readonly ChatResult[]): string {
  const families = [...Map.groupBy(results, ({ family }) => family)].sort(([a], [b]) =>
    a < b ? -1 : 1,
  );
  const rows = families.map(([family, some]) => scoreRow(family, some));
  return [
    table(
      [['', 'tasks', 'base', 'adapted', 'training'], ...rows, scoreRow('all', results)],
      new Set([1, 2, 3, 4]),
    ),
    '',
    ...wrapped(pythonLine(results)),
  ].join('\n');
}

function questionLines({ input, answers, base, adapted }: Question): string[] {
  return [
    ...labelled('asked', input, MAX_LINES),
    ...labelled(answerLabel('base', base), answerText(base), MAX_LINES),
    ...labelled(answerLabel('adapted', adapted), answerText(adapted), MAX_LINES),
    ...(adapted.right ? [] : labelled('right', answers[0] ?? '', MAX_LINES)),
  ];
}

function scoreRow(name: string, results: readonly ChatResult[]): string[] {
  const python = pythonMean(results);
  return [
    name,
    String(results.length),
    percent(mean(results.map(({ base }) => base))),
    percent(mean(results.map(({ adapted }) => adapted))),
    python === undefined ? '-' : percent(python),
  ];
}

/** Undefined unless it is known of every task. */
export function pythonMean(results: readonly ChatResult[]): number | undefined {
  const known = results.flatMap(({ python }) => (python === undefined ? [] : [python]));
  return known.length === results.length ? mean(known) : undefined;
}

function pythonLine(results: readonly ChatResult[]): string {
  const what = 'Exact match after trimming, in any case; + is right.';
  if (pythonMean(results) === undefined) {
    return `${what} The file does not say what training's evaluation had.`;
  }
  const whose = results.every(({ pythonIsOfSame }) => pythonIsOfSame)
    ? 'the same questions'
    : 'all questions of the file, not only these';
  return `${what} "training" is what the evaluation of training had on ${whose}.`;
}
