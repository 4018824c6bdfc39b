/** The demo as a user starts it: a process whose stdout is the result and nothing else. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';

// Endpoints start in seconds, but on a busy machine in a minute.
vi.setConfig({ testTimeout: 300_000, hookTimeout: 300_000 });

const run = promisify(execFile);
let folder: string;
let tasks: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 't2l-demo-'));
  tasks = join(folder, 'tasks.json');
  const samples = ['red', 'blue', 'green'].map((word) => ({
    prompt: `${word} tree -> `,
    answer: word,
  }));
  const task = {
    name: 'first',
    description: 'Give the first word',
    known_words: 'Give back the first word',
    samples,
  };
  await writeFile(tasks, JSON.stringify({ python: 0.625, tasks: [task] }));
});

afterAll(() => rm(folder, { recursive: true }));

function demo(...args: string[]): Promise<{ stdout: string; stderr: string }> {
  const script = join(ROOT, 'scripts/demo.ts');
  const fixed = ['--hypernet', 't2l-mini', '--tasks', tasks];
  return run(process.execPath, [script, ...fixed, ...args], { cwd: ROOT });
}

test('it says how base and adapted model do on every task', async () => {
  const { stdout, stderr } = await demo('--json', '--samples', '2');
  const result = JSON.parse(stdout);
  const task = { name: 'first', description: 'Give the first word' };
  expect(result).toMatchObject({ samples: 2, seed: 0, python: 0.625, tasks: [task] });
  const [{ base, adapted, adapter }] = result.tasks;
  expect([0, 0.5, 1]).toContain(base);
  expect([0, 0.5, 1]).toContain(adapted);
  expect(adapter).toMatch(/^[0-9a-f]{64}$/);
  expect(result.mean).toEqual({ base, adapted });
  expect(stderr).toMatch(/^1 tasks, 2 questions each, .*: about 1 min on two cores\./);
  expect(stderr).toContain('1/1 first');
});

test('it can ask in words that training knew, which Python was not asked in', async () => {
  const { stdout } = await demo('--json', '--samples', '1', '--known-words');
  const result = JSON.parse(stdout);
  expect(result.tasks[0].description).toBe('Give back the first word');
  expect(result).not.toHaveProperty('python');
});

test('the table ends with what the training code got right on every sample', async () => {
  const { stdout } = await demo('--samples', '1');
  const lines = stdout.trimEnd().split('\n');
  expect(lines.at(-1)).toBe('Python, float32, on all 3 samples: 62.5%');
  expect(lines.at(-3)).toMatch(/^mean /);
  expect(lines[0]).toMatch(/^1\/1 first, fit \w+: /);
  expect(lines).toContainEqual(expect.stringMatching(/^ {2}asked {5}\w+ tree$/));
});

test.each([[['--gguf', 'x.gguf'], /^--gguf is for language models/]])(
  '%s is refused in one line',
  async (args, message) => {
    const failed = demo(...args);
    await expect(failed).rejects.toMatchObject({ code: 1, stdout: '' });
    const { stderr } = (await failed.catch((error: unknown) => error)) as { stderr: string };
    expect(stderr).toMatch(message);
    expect(stderr.trim().split('\n')).toHaveLength(1);
  },
);

test('it fails when no adapter can be had', async () => {
  // Port 9 discards; nothing listens there.
  const failing = demo('--endpoint', 'http://127.0.0.1:9');
  await expect(failing).rejects.toMatchObject({ code: 1, stdout: '' });
});
