/**
 * `npm run demo`: what an adapter made from a sentence does to a language model.
 *
 * Starts an endpoint on this machine (or asks the one at --endpoint), asks it for an adapter for each
 * of the unseen tasks, by description only, downloads it, and lets the tiny base model answer fresh
 * questions with and without it, in ONNX Runtime's WASM build. No Python, no GPU, no account.
 *
 * The tasks were in no training, neither the base model's nor the hypernetwork's. An answer counts
 * only if it is exactly right. Base and adapted see the same questions. Under the table stands what
 * the training code got right on all samples of the file, for comparison.
 *
 * The descriptions use phrases and sentence frames that training never had; with --known-words they
 * are new sentences of phrases that training knew, which is easier.
 *
 *   npm run demo -- [--known-words] [--samples 24] [--seed 0] [--tasks FILE] [--endpoint URL] [--json]
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { z } from 'zod';
import { WEIGHTS_FILE } from '../src/adapter/peft.ts';
import { unpackPeft } from '../src/adapter/unpack.ts';
import type { LoraWeights } from '../src/hypernet/runtime.ts';
import { generateText, type Lm, loadLm } from '../src/lm/index.ts';
import { createClient, type T2lClient } from '../src/sdk/index.ts';
import { draw, progress, runCommand, table } from './command.ts';
import { startEndpoint } from './endpoint.ts';
import { ROOT } from './environment.ts';

/** No answer of the task family is longer; the endpoint's own evaluation stops there too. */
const MAX_TOKENS = 32;

const tasksSchema = z.object({
  /** The part of all samples that the training code got right under the same descriptions. */
  python: z.number().min(0).max(1).optional(),
  tasks: z
    .array(
      z.object({
        name: z.string(),
        /** Phrases and a sentence frame that training never had. */
        description: z.string(),
        /** The same in a new sentence of phrases that training knew. */
        known_words: z.string(),
        samples: z.array(z.object({ prompt: z.string(), answer: z.string() })).min(1),
      }),
    )
    .min(1),
});

type Task = z.output<typeof tasksSchema>['tasks'][number];
type Sample = Task['samples'][number];

interface Result {
  readonly name: string;
  readonly description: string;
  /** Parts of the samples answered exactly right. */
  readonly base: number;
  readonly adapted: number;
  readonly adapter: string;
  readonly fit: string;
}

await runCommand(main);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      samples: { type: 'string', default: '24' },
      seed: { type: 'string', default: '0' },
      tasks: { type: 'string', default: join(ROOT, 'src/assets/demo/unseen-tasks.json') },
      model: { type: 'string', default: join(ROOT, 'src/assets/base-models/t2l-mini-base') },
      endpoint: { type: 'string' },
      'known-words': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const count = z.coerce.number().int().positive().parse(values.samples);
  const seed = z.coerce.number().int().parse(values.seed);
  const file = tasksSchema.parse(JSON.parse(await readFile(values.tasks, 'utf8')));
  const { tasks } = file;
  const knownWords = values['known-words'];
  // Python was asked in the default words only.
  const python = knownWords ? undefined : file.python;
  progress('Starting the endpoint and loading the base model');
  const local = values.endpoint === undefined ? await startEndpoint() : undefined;
  try {
    const client = createClient({ endpoint: values.endpoint ?? local?.origin ?? '' });
    const lm = await loadLm((file) => readFile(join(values.model, file)));
    const results: Result[] = [];
    for (const [index, task] of tasks.entries()) {
      const description = knownWords ? task.known_words : task.description;
      const samples = draw(task.samples, count, seed + index);
      const result = await compare(client, lm, task.name, description, samples);
      progress(
        `${index + 1}/${tasks.length} ${task.name}: ` +
          `${percent(result.base)} -> ${percent(result.adapted)}`,
      );
      results.push(result);
    }
    const output = values.json
      ? asJson(results, count, seed, python)
      : [asTable(results), ...pythonLine(python, tasks)].join('\n');
    process.stdout.write(`${output}\n`);
  } finally {
    await local?.close();
  }
}

async function compare(
  client: T2lClient,
  lm: Lm,
  name: string,
  description: string,
  samples: readonly Sample[],
): Promise<Result> {
  const adapter = await client.generate({ description });
  const lora = unpackPeft(await client.download(adapter, WEIGHTS_FILE));
  return {
    name,
    description,
    base: await exactMatch(lm, samples, undefined),
    adapted: await exactMatch(lm, samples, lora),
    adapter: adapter.id,
    fit: adapter.fit.verdict,
  };
}

async function exactMatch(
  lm: Lm,
  samples: readonly Sample[],
  lora: LoraWeights | undefined,
): Promise<number> {
  const prompts = samples.map(({ prompt }) => prompt);
  const answers = await generateText(lm, prompts, lora, { maxTokens: MAX_TOKENS });
  const right = samples.filter(({ answer }, index) => answers[index] === answer);
  return right.length / samples.length;
}

function mean(results: readonly Result[], key: 'base' | 'adapted'): number {
  return results.reduce((sum, result) => sum + result[key], 0) / results.length;
}

function asTable(results: readonly Result[]): string {
  const rows = results.map(({ name, description, base, adapted }) => [
    name,
    description,
    percent(base),
    percent(adapted),
  ]);
  return table(
    [
      ['task', 'description', 'base', 'adapted'],
      ...rows,
      ['mean', '', percent(mean(results, 'base')), percent(mean(results, 'adapted'))],
    ],
    new Set([2, 3]),
  );
}

function pythonLine(python: number | undefined, tasks: readonly Task[]): string[] {
  if (python === undefined) {
    return [];
  }
  const samples = tasks.reduce((sum, task) => sum + task.samples.length, 0);
  return ['', `Python, float32, on all ${samples} samples: ${percent(python)}`];
}

function asJson(
  results: readonly Result[],
  samples: number,
  seed: number,
  python: number | undefined,
): string {
  const means = { base: mean(results, 'base'), adapted: mean(results, 'adapted') };
  return JSON.stringify({ samples, seed, mean: means, python, tasks: results }, null, 2);
}

function percent(part: number): string {
  return `${(100 * part).toFixed(1)}%`;
}
