/** A language model in llama.cpp (node-llama-cpp's CPU build), with an adapter or without, greedily. */
import { getLlama, LlamaLogLevel, type LlamaModel, type Token } from 'node-llama-cpp';
import { Refusal } from '../command.ts';

/** Calls of `answers` that run side by side, each in one thread. */
const AT_ONCE = 2;
/**
 * More threads of one context spin while they wait for each other: on two cores that others use as well
 * an answer then took minutes, not seconds.
 */
const THREADS = 1;

/** A loaded model. */
export interface ChatModel {
  /**
   * The likeliest continuation of each prompt, to the end of the model's turn.
   *
   * @param adapter path of an `adapter.gguf`; none if left out
   */
  answers(prompts: readonly string[], adapter?: string): Promise<string[]>;
  close(): Promise<void>;
}

/**
 * Loads a GGUF file.
 *
 * @param maxTokens where an answer is cut off
 * @throws Refusal if llama.cpp cannot load it
 */
export async function openChatModel(path: string, maxTokens: number): Promise<ChatModel> {
  const llama = await getLlama({
    gpu: false,
    build: 'never',
    maxThreads: AT_ONCE,
    logLevel: LlamaLogLevel.error,
  });
  let model: LlamaModel;
  try {
    model = await llama.loadModel({ modelPath: path });
  } catch (error) {
    await llama.dispose();
    throw new Refusal(`llama.cpp cannot load ${path}: ${(error as Error).message}.`);
  }
  return {
    async answers(prompts, adapter) {
      const rows = prompts.map((prompt) => model.tokenize(prompt, true));
      const longest = rows.reduce((most, { length }) => Math.max(most, length), 0);
      const context = await model.createContext({
        contextSize: longest + maxTokens,
        threads: THREADS,
        ...(adapter === undefined ? {} : { lora: { adapters: [{ filePath: adapter }] } }),
      });
      try {
        const sequence = context.getSequence();
        const answers: string[] = [];
        for (const row of rows) {
          await sequence.clearHistory();
          const found: Token[] = [];
          for await (const token of sequence.evaluate(row, { temperature: 0 })) {
            if (found.push(token) === maxTokens) {
              break;
            }
          }
          answers.push(model.detokenize(found));
        }
        return answers;
      } finally {
        await context.dispose();
      }
    },
    async close() {
      await model.dispose();
      await llama.dispose();
    },
  };
}
