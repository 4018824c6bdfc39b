/**
 * `npm run demo`: what an adapter made from a sentence does to a language model.
 *
 * Starts an endpoint on this machine (or asks the one at --endpoint), asks it for an adapter for each
 * of the unseen tasks, by description only, downloads it, and lets the base model answer questions with
 * and without it: the tiny one of t2l-mini in ONNX Runtime (scripts/demo/words.ts), a real one in
 * llama.cpp (scripts/demo/chat.ts), whose weights are fetched once. No GPU, no account.
 *
 * The tasks were in no training, and the descriptions are worded as none in training was. An answer
 * counts only if it is exactly right. Base and adapted see the same questions. At the end stands what
 * the training code got right, for comparison.
 */

import { defaultHypernet } from './built-in.ts';
import { runCommand } from './command.ts';
import { type DemoOptions, parseDemoOptions, USAGE } from './demo/options.ts';
import { type DemoTasks, demoFileOf, readDemoTasks } from './demo/tasks-file.ts';

await runCommand(main, USAGE);

async function main(): Promise<void> {
  const options = parseDemoOptions(process.argv.slice(2));
  const hypernet = options.hypernet ?? (await defaultHypernet());
  const tasks = await readDemoTasks(options.tasks ?? (await demoFileOf(hypernet)));
  const output = await run(tasks, hypernet, options);
  process.stdout.write(`${output}\n`);
}

/** What one kind needs is not loaded for the other: llama.cpp's library is not on every platform. */
async function run(tasks: DemoTasks, hypernet: string, options: DemoOptions): Promise<string> {
  if (tasks.kind === 'chat') {
    const { demoChat } = await import('./demo/chat.ts');
    return demoChat(tasks.file, hypernet, options);
  }
  const { demoWords } = await import('./demo/words.ts');
  return demoWords(tasks.file, hypernet, options);
}
