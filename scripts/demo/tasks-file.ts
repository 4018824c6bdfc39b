/**
 * The tasks of a demo, `src/assets/demo/<hypernetwork>.json`, which training writes when it ships a
 * bundle. There are two kinds: prompts for the tiny base model, whose one right answer must be met to
 * the letter, and questions for a language model that is chatted with, which may have several.
 */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { z } from 'zod';
import { Refusal } from '../command.ts';
import { ROOT } from '../environment.ts';

const FOLDER = join(ROOT, 'src/assets/demo');
/** The oldest demo has the name of what it holds. */
const T2L_MINI = 't2l-mini';
const T2L_MINI_FILE = 'unseen-tasks.json';

const part = z.number().min(0).max(1);
const text = z.string().min(1);

const wordsSchema = z.object({
  /** The part of all samples that the training code got right under the same descriptions. */
  python: part.optional(),
  tasks: z
    .array(
      z.object({
        name: text,
        /** Phrases and a sentence frame that training never had. */
        description: text,
        /** The same in a new sentence of phrases that training knew. */
        known_words: text,
        samples: z.array(z.object({ prompt: z.string(), answer: z.string() })).min(1),
      }),
    )
    .min(1),
});

const INPUT = '{input}';

const chatSchema = z.object({
  kind: z.literal('chat'),
  /**
   * What the model reads, with its own special tokens and `{input}` in one place: its chat template as
   * training rendered it, so that the two cannot differ.
   */
  prompt: text.refine((prompt) => prompt.split(INPUT).length === 2, {
    error: `prompt must contain ${INPUT} once`,
  }),
  /** The longest answer that training's evaluation allowed. */
  max_tokens: z.int().positive(),
  tasks: z
    .array(
      z.object({
        name: text,
        family: text,
        /** Of words that training never had. */
        description: text,
        /** The part of all samples that training's evaluation got right under this description. */
        python: part.optional(),
        samples: z
          .array(
            z.object({
              input: text,
              /** Any of them is right. */
              answers: z.array(text).min(1),
              /** Whether training's evaluation got this one right. */
              python: z.boolean().optional(),
            }),
          )
          .min(1),
      }),
    )
    .min(1),
});

/** Tasks for the tiny base model. */
export type WordTasks = z.output<typeof wordsSchema>;
/** Tasks for a language model that is chatted with. */
export type ChatTasks = z.output<typeof chatSchema>;
/** One of them, and one of its questions. */
export type ChatTask = ChatTasks['tasks'][number];
export type ChatSample = ChatTask['samples'][number];

/** The tasks of a file, of one kind or the other. */
export type DemoTasks =
  | { readonly kind: 'words'; readonly file: WordTasks }
  | { readonly kind: 'chat'; readonly file: ChatTasks };

/**
 * The file of tasks that the repository has for a hypernetwork.
 *
 * @throws Refusal if it has none
 */
export async function demoFileOf(hypernet: string): Promise<string> {
  const name = hypernet.split('@')[0] ?? '';
  const file = name === T2L_MINI ? T2L_MINI_FILE : `${name}.json`;
  const files = await readdir(FOLDER);
  if (!files.includes(file) || name === T2L_MINI_FILE.slice(0, -'.json'.length)) {
    const known = files
      .filter((one) => one.endsWith('.json'))
      .map((one) => (one === T2L_MINI_FILE ? T2L_MINI : one.slice(0, -'.json'.length)));
    throw new Refusal(
      `There is no demo of ${name}: src/assets/demo has tasks for ${known.sort().join(', ')}. ` +
        'Name tasks of your own with --tasks FILE.',
    );
  }
  return join(FOLDER, file);
}

/**
 * Reads a file of tasks.
 *
 * @throws Refusal if it cannot be read or is of neither kind
 */
export async function readDemoTasks(path: string): Promise<DemoTasks> {
  const value = await parsed(path);
  const chat = z.object({ kind: z.unknown() }).safeParse(value);
  const isChat = chat.success && chat.data.kind !== undefined;
  const found = isChat ? chatSchema.safeParse(value) : wordsSchema.safeParse(value);
  if (!found.success) {
    const [issue] = found.error.issues;
    const at = issue?.path.join('.') || 'the whole';
    throw new Refusal(`${path} is no file of demo tasks: ${at}: ${issue?.message}.`);
  }
  return isChat
    ? { kind: 'chat', file: found.data as ChatTasks }
    : { kind: 'words', file: found.data as WordTasks };
}

/** What the model reads for an input. */
export function promptOf({ prompt }: Pick<ChatTasks, 'prompt'>, input: string): string {
  return prompt.replace(INPUT, () => input);
}

async function parsed(path: string): Promise<unknown> {
  try {
    return JSON.parse(await readFile(path, 'utf8'));
  } catch (error) {
    throw new Refusal(`${path} cannot be read as JSON: ${(error as Error).message}.`);
  }
}
