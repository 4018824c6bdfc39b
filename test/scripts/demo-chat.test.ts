/** The demo of a language model: its tasks, what it refuses, and how it tells what came. */
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ChatResult, summary, taskBlock } from '../../scripts/demo/chat-report.ts';
import { parseDemoOptions } from '../../scripts/demo/options.ts';
import { demoFileOf, promptOf, readDemoTasks } from '../../scripts/demo/tasks-file.ts';

const TASK = {
  name: 'opposite',
  family: 'relation',
  description: 'Give the opposite.',
  python: 0.5,
  samples: [
    { input: 'hot', answers: ['cold'], python: true },
    { input: 'big', answers: ['small', 'little'], python: false },
  ],
};
const FILE = { kind: 'chat', prompt: '<user>{input}<bot>', max_tokens: 8, tasks: [TASK] };

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 't2l-demo-'));
});

afterAll(() => rm(folder, { recursive: true }));

async function written(value: unknown): Promise<string> {
  const path = join(folder, 'tasks.json');
  await writeFile(path, typeof value === 'string' ? value : JSON.stringify(value));
  return path;
}

test('a file of chat tasks is known by its kind, one without a kind is for the tiny model', async () => {
  const chat = await readDemoTasks(await written(FILE));
  expect(chat).toMatchObject({ kind: 'chat', file: FILE });
  const words = await readDemoTasks(await demoFileOf('t2l-mini@4.2.0'));
  expect(words.kind).toBe('words');
  expect(promptOf(FILE, 'a $& b')).toBe('<user>a $& b<bot>');
});

test.each([
  ['no JSON', '{', /cannot be read as JSON/],
  ['another kind', { ...FILE, kind: 'other' }, /kind: /],
  ['a prompt without a place', { ...FILE, prompt: 'x' }, /prompt must contain \{input\} once/],
  ['a prompt with two', { ...FILE, prompt: '{input}{input}' }, /prompt must contain/],
  ['no tasks', { ...FILE, tasks: [] }, /tasks: /],
  [
    'a sample without an answer',
    { ...FILE, tasks: [{ ...TASK, samples: [{ input: 'a', answers: [] }] }] },
    /tasks\.0\.samples\.0\.answers: /,
  ],
])('%s is refused in a sentence', async (_what, value, message) => {
  const path = await written(value);
  await expect(readDemoTasks(path)).rejects.toThrow(message);
  await expect(readDemoTasks(path)).rejects.toThrow(path);
});

test('a hypernetwork without a demo is refused, naming those that have one', async () => {
  for (const name of ['nothing', 'unseen-tasks', 'nothing@1.0.0']) {
    await expect(demoFileOf(name)).rejects.toThrow(/There is no demo of .* has tasks for t2l-mini/);
  }
});

test.each([
  [['--samples', '0'], '--samples must be a whole number of at least 1, not 0.'],
  [['--samples', 'many'], '--samples must be a whole number of at least 1, not many.'],
  [['--seed', '1.5'], '--seed must be a whole number of at least 0, not 1.5.'],
  [['--hypernet', '../x'], '--hypernet must be a name such as t2l-mini, not ../x.'],
  [['--endpoint', 'localhost'], '--endpoint must be an http(s) address, not localhost.'],
  [['--sample', '3'], /Unknown option '--sample'/],
])('%s is refused', (args, message) => {
  expect(() => parseDemoOptions(args)).toThrow(message);
});

test('options have defaults', () => {
  expect(parseDemoOptions([])).toMatchObject({ hypernet: undefined, seed: 0, json: false });
});

const RESULT: ChatResult = {
  ...TASK,
  adapter: '0'.repeat(64),
  fit: 'good',
  base: 0,
  adapted: 0.5,
  pythonIsOfSame: true,
  questions: [
    {
      input: 'hot',
      answers: ['cold'],
      base: { text: `Hot is\n\n${'a word '.repeat(200)}`, right: false },
      adapted: { text: ' Cold', right: true },
    },
    {
      input: 'x'.repeat(250),
      answers: ['small', 'little'],
      base: { text: '', right: false },
      adapted: { text: 'huge', right: false },
    },
  ],
};

test('it shows questions and both answers within 100 columns', () => {
  const lines = taskBlock({ ...RESULT, description: 'word '.repeat(60) }, 3, 12).split('\n');
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(100);
  expect(lines[0]).toBe('3/12 opposite (relation), fit good');
  expect(lines).toContain('  asked     hot');
  expect(lines).toContain('  adapted + Cold');
  expect(lines).toContain('  base    - (nothing)');
  expect(lines).toContain('  adapted - huge');
  // What would have been right is shown only where the adapter was wrong.
  expect(lines.filter((line) => line.startsWith('  right'))).toEqual(['  right     small']);
  const cut = lines.find((line) => line.endsWith(' ...')) ?? '';
  expect(cut).not.toBe('');
  expect(lines.join('\n')).toContain('Hot is / a word');
});

test('it ends with scores by family beside those of training', () => {
  const other = { ...RESULT, family: 'format', base: 0.5, adapted: 1, python: 1 };
  const text = summary([RESULT, other]);
  expect(text).toContain('all           2  25.0%    75.0%     75.0%');
  expect(text.replaceAll('\n', ' ')).toContain('had on the same questions.');
  const unlike = summary([{ ...RESULT, pythonIsOfSame: false }]).replaceAll('\n', ' ');
  expect(unlike).toContain('had on all questions of the file, not only these.');
  expect(summary([{ ...RESULT, python: undefined }])).toMatch(/^all .* -$/m);
});

test('every demo that ships is of its kind', async () => {
  const index = JSON.parse(
    await readFile(join(import.meta.dirname, '../../src/assets/hypernets/index.json'), 'utf8'),
  );
  for (const { name } of index.bundles) {
    const { kind } = await readDemoTasks(await demoFileOf(name));
    expect(kind).toBe(name === 't2l-mini' ? 'words' : 'chat');
  }
});
