/**
 * The demo of a hypernetwork for the tiny base model: every task of the file, its part of exactly right
 * answers with and without the adapter, in ONNX Runtime's WASM build. No Python, no GPU, no download.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { unpackPeft } from '../../src/adapter/unpack.ts';
import type { LoraWeights } from '../../src/hypernet/runtime.ts';
import { generateText, type Lm, loadLm } from '../../src/lm/index.ts';
import type { T2lClient } from '../../src/sdk/index.ts';
import { draw, progress, Refusal, table } from '../command.ts';
import { ROOT } from '../environment.ts';
import { withClient } from './endpoint.ts';
import type { DemoOptions } from './options.ts';
import { mean, percent } from './scores.ts';
import type { WordTasks } from './tasks-file.ts';

const MODEL = join(ROOT, 'src/assets/base-models/t2l-mini-base');
/** No answer of the task family is longer; the endpoint's own evaluation stops there too. */
const MAX_TOKENS = 32;
const SAMPLES = 24;
/** One sample of one task, with and without the adapter, on two cores; and what comes before. */
const SECONDS_A_SAMPLE = 0.025;
const SECONDS_TO_START = 15;

type Sample = WordTasks['tasks'][number]['samples'][number];

interface Result {
  readonly name: string;
  readonly description: string;
  /** Parts of the samples answered exactly right. */
  readonly base: number;
  readonly adapted: number;
  readonly adapter: string;
  readonly fit: string;
}

/** Runs the demo; what it gives is what stdout says. */
export async function demoWords(
  { tasks, python: all }: WordTasks,
  hypernet: string,
  options: DemoOptions,
): Promise<string> {
  if (options.gguf !== undefined) {
    throw new Refusal('--gguf is for language models; these tasks are for the tiny base model.');
  }
  const { seed, knownWords, samples: count = SAMPLES } = options;
  // Python was asked in the default words only.
  const python = knownWords ? undefined : all;
  const seconds = SECONDS_TO_START + SECONDS_A_SAMPLE * count * tasks.length;
  progress(
    `${tasks.length} tasks, ${count} questions each, without and with the adapter: about ` +
      `${Math.ceil(seconds / 60)} min on two cores.`,
  );
  return withClient(options.endpoint, async (client) => {
    const lm = await loadLm((file) => readFile(join(MODEL, file)));
    const results: Result[] = [];
    for (const [index, task] of tasks.entries()) {
      const description = knownWords ? task.known_words : task.description;
      const samples = draw(task.samples, count, seed + index);
      const result = {
        name: task.name,
        description,
        ...(await compare(client, lm, hypernet, description, samples)),
      };
      progress(
        `${index + 1}/${tasks.length} ${task.name}: ` +
          `${percent(result.base)} -> ${percent(result.adapted)}`,
      );
      results.push(result);
    }
    return options.json
      ? asJson(results, count, seed, python)
      : [asTable(results), ...pythonLine(python, tasks)].join('\n');
  });
}

async function compare(
  client: T2lClient,
  lm: Lm,
  hypernet: string,
  description: string,
  samples: readonly Sample[],
): Promise<Omit<Result, 'name' | 'description'>> {
  const adapter = await client.generate({ description, hypernet });
  const lora = unpackPeft(await client.download(adapter, WEIGHTS_FILE));
  return {
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

function asTable(results: readonly Result[]): string {
  const rows = results.map(({ name, description, base, adapted }) => [
    name,
    description,
    percent(base),
    percent(adapted),
  ]);
  const { base, adapted } = means(results);
  return table(
    [
      ['task', 'description', 'base', 'adapted'],
      ...rows,
      ['mean', '', percent(base), percent(adapted)],
    ],
    new Set([2, 3]),
  );
}

function means(results: readonly Result[]): { base: number; adapted: number } {
  return {
    base: mean(results.map(({ base }) => base)),
    adapted: mean(results.map(({ adapted }) => adapted)),
  };
}

function pythonLine(python: number | undefined, tasks: WordTasks['tasks']): string[] {
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
  const document = { samples, seed, mean: means(results), python, tasks: results };
  return JSON.stringify(document, null, 2);
}
