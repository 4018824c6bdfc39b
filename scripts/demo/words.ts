/**
 * The demo of a hypernetwork for the tiny base model: every task of the file, its part of exactly right
 * answers with and without the adapter, in ONNX Runtime's WASM build. No Python, no GPU, no download.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { unpackPeft } from '../../src/adapter/unpack.ts';
import { generateText, type Lm, loadLm } from '../../src/lm/index.ts';
import type { LoraWeights } from '../../src/output/lora-weights.ts';
import type { T2lClient } from '../../src/sdk/index.ts';
import { draw, progress, Refusal } from '../command.ts';
import { ROOT } from '../environment.ts';
import { withClient } from './endpoint.ts';
import type { Answer } from './lines.ts';
import type { DemoOptions } from './options.ts';
import { mean, percent } from './scores.ts';
import type { WordTasks } from './tasks-file.ts';
import { summary, taskBlock, type WordResult } from './words-report.ts';

const MODEL = join(ROOT, 'src/assets/base-models/t2l-mini-base');
/** No answer of the task family is longer; the endpoint's own evaluation stops there too. */
const MAX_TOKENS = 32;
const SAMPLES = 24;
/** A sample with and without the adapter, and making the adapter, on two cores; and what comes before. */
const SECONDS_A_SAMPLE = 0.03;
const SECONDS_A_TASK = 0.5;
const SECONDS_TO_START = 15;

type Sample = WordTasks['tasks'][number]['samples'][number];

/** Runs the demo; what it gives, stdout says last. */
export async function demoWords(
  { tasks, python: known }: WordTasks,
  hypernet: string,
  options: DemoOptions,
): Promise<string> {
  if (options.gguf !== undefined) {
    throw new Refusal('--gguf is for language models; these tasks are for the tiny base model.');
  }
  const { seed, knownWords, samples: count = SAMPLES } = options;
  // Python was asked in the default words only.
  const python = knownWords ? undefined : known;
  const seconds = SECONDS_TO_START + (SECONDS_A_TASK + SECONDS_A_SAMPLE * count) * tasks.length;
  progress(
    `${tasks.length} tasks, ${count} questions each, without and with the adapter: about ` +
      `${Math.ceil(seconds / 60)} min on two cores.`,
  );
  return withClient(options.endpoint, async (client) => {
    const lm = await loadLm((file) => readFile(join(MODEL, file)));
    const results: WordResult[] = [];
    for (const [index, task] of tasks.entries()) {
      const description = knownWords ? task.known_words : task.description;
      const samples = draw(task.samples, count, seed + index);
      const result: WordResult = {
        name: task.name,
        description,
        ...(await compare(client, lm, hypernet, description, samples)),
      };
      results.push(result);
      if (options.json) {
        const scores = `${percent(result.base)} -> ${percent(result.adapted)}`;
        progress(`${index + 1}/${tasks.length} ${task.name}: ${scores}`);
      } else {
        process.stdout.write(`${taskBlock(result, index + 1, tasks.length)}\n\n`);
      }
    }
    return options.json
      ? asJson(results, count, seed, python)
      : summary(
          results,
          python === undefined ? undefined : { score: python, samples: samplesOf(tasks) },
        );
  });
}

async function compare(
  client: T2lClient,
  lm: Lm,
  hypernet: string,
  description: string,
  samples: readonly Sample[],
): Promise<Omit<WordResult, 'name' | 'description'>> {
  const adapter = await client.generate({ description, hypernet });
  const lora = unpackPeft(await client.download(adapter, WEIGHTS_FILE));
  const base = await answersOf(lm, samples, undefined);
  const adapted = await answersOf(lm, samples, lora);
  return {
    base: scoreOf(base),
    adapted: scoreOf(adapted),
    adapter: adapter.id,
    fit: adapter.fit.verdict,
    questions: samples.map((sample, index) => ({
      ...sample,
      base: base[index] as Answer,
      adapted: adapted[index] as Answer,
    })),
  };
}

async function answersOf(
  lm: Lm,
  samples: readonly Sample[],
  lora: LoraWeights | undefined,
): Promise<Answer[]> {
  const prompts = samples.map(({ prompt }) => prompt);
  const texts = await generateText(lm, prompts, lora, { maxTokens: MAX_TOKENS });
  return texts.map((text, index) => ({ text, right: text === samples[index]?.answer }));
}

function scoreOf(answers: readonly Answer[]): number {
  return mean(answers.map(({ right }) => Number(right)));
}

function samplesOf(tasks: WordTasks['tasks']): number {
  return tasks.reduce((sum, { samples }) => sum + samples.length, 0);
}

function asJson(
  results: readonly WordResult[],
  samples: number,
  seed: number,
  python: number | undefined,
): string {
  const document = {
    samples,
    seed,
    mean: {
      base: mean(results.map(({ base }) => base)),
      adapted: mean(results.map(({ adapted }) => adapted)),
    },
    python,
    tasks: results.map(({ questions, ...result }) => result),
  };
  return JSON.stringify(document, null, 2);
}
