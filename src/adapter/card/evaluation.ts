/**
 * The figures of the hypernetwork that made an adapter, and how far they go: they are means over many
 * tasks of its own family, so they say what to expect of an adapter like this one, not what it does.
 * The controls are part of them: without an adapter of another task's description beside it, a figure
 * does not show that the description did the work.
 *
 * `evaluation` of a manifest is free JSON. Where it has the shape that the pipeline writes,
 * {split: {tasks, conditions: {condition: {exact_match, interval}}}}, it becomes one table; anything
 * else is listed, one row a figure.
 */
import * as z from 'zod';
import type { Manifest } from '../../bundle/manifest.ts';
import { escapeMarkdown } from './escape.ts';

const splitSchema = z.object({
  tasks: z.number(),
  conditions: z.record(
    z.string(),
    z.object({ exact_match: z.number(), interval: z.tuple([z.number(), z.number()]).optional() }),
  ),
});

type Split = z.infer<typeof splitSchema>;

/** The splits that the pipeline measures, in the order of the table. */
const SPLITS: readonly (readonly [key: string, title: string])[] = [
  ['report', 'Unseen tasks'],
  ['left_out', 'Unseen kinds of task'],
  ['seen', 'Training tasks'],
];

/** The conditions that the pipeline measures, in the order of the table; controls say so. */
const CONDITIONS: readonly (readonly [key: string, title: string])[] = [
  ['matched', "adapter of the task's description"],
  ['int8', 'the same from the int8 graph'],
  ['known_words', 'adapter of a new sentence of known phrases'],
  ['zero_shot', 'control: no adapter'],
  ['shuffled', "control: adapter of another task's description"],
  ['junk_words', 'control: adapter of random words'],
  ['static', 'control: mean adapter, the same for every task'],
  ['multi_task', 'control: one LoRA for all training tasks'],
  ['three_shot', 'compare: no adapter, three examples in the prompt'],
  ['oracle', 'compare: a LoRA trained on the task itself'],
];

/** The section, or nothing if the manifest has no figures. */
export function evaluationSection(evaluation: Manifest['evaluation']): string[] {
  const splits = knownSplits(evaluation);
  const table = splits.length > 0 ? splitTable(splits) : figureTable(evaluation);
  if (table.length === 0) {
    return [];
  }
  return [
    '## Evaluation of the hypernetwork',
    '',
    'Measured over tasks of the kinds the hypernetwork was trained for, by the description alone. ' +
      'These are means over tasks and were not measured for this adapter, whose task may be easier, ' +
      'harder or of another kind; the fit above is about it.',
    '',
    ...(splits.length > 0
      ? ['Exact match of whole answers, with 95% intervals over tasks:', '']
      : []),
    ...table,
    '',
  ];
}

function knownSplits(evaluation: Manifest['evaluation']): { title: string; split: Split }[] {
  return SPLITS.flatMap(([key, title]) => {
    const split = splitSchema.safeParse(evaluation[key]);
    return split.success ? [{ title: `${title} (${split.data.tasks})`, split: split.data }] : [];
  });
}

function splitTable(splits: readonly { title: string; split: Split }[]): string[] {
  const rows = CONDITIONS.flatMap(([key, title]) => {
    const cells = splits.map(({ split }) => cell(split.conditions[key]));
    return cells.some((one) => one !== '') ? [`| ${title} | ${cells.join(' | ')} |`] : [];
  });
  return rows.length === 0
    ? []
    : [
        `| | ${splits.map(({ title }) => title).join(' | ')} |`,
        `|---|${splits.map(() => '---:|').join('')}`,
        ...rows,
      ];
}

function cell(figure: Split['conditions'][string] | undefined): string {
  if (figure === undefined) {
    return '';
  }
  const { exact_match: mean, interval } = figure;
  const percent = (value: number) => (100 * value).toFixed(1);
  return interval === undefined
    ? `${percent(mean)}%`
    : `${percent(mean)}% (${percent(interval[0])} to ${percent(interval[1])})`;
}

function figureTable(evaluation: Manifest['evaluation']): string[] {
  const rows = figureRows(evaluation, '');
  return rows.length === 0 ? [] : ['| | |', '|---|---|', ...rows];
}

/** Nested objects are flattened with dotted names, in the order of their names; lists are left out. */
function figureRows(value: object, prefix: string): string[] {
  return Object.entries(value)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .flatMap(([key, inner]: [string, unknown]) => {
      if (inner !== null && typeof inner === 'object') {
        return Array.isArray(inner) ? [] : figureRows(inner, `${prefix}${key}.`);
      }
      return [`| ${escapeMarkdown(prefix + key)} | ${escapeMarkdown(String(inner))} |`];
    });
}
