/** A chat model of the Llama family, asked through its own template; it may answer whatever is asked. */
import { T2lError } from '../contract/errors.ts';
import type { BaseModel } from './base-model.ts';
import { type ChatTemplate, openChatTemplate } from './llama/chat-template.ts';
import { type Llama, loadLlama, type Reading } from './llama/model.ts';
import type { ModelReader } from './model.ts';

/** The one file of such a model. */
export const GGUF_FILE = 'model.gguf';
/** What an answer has at most: a base model that nobody told what to do goes on and on. */
const MAX_TOKENS = 128;

/**
 * Loads a chat model from its `model.gguf`.
 *
 * @throws T2lError `base_model_invalid` for a file that cannot be used
 */
export async function openChatModel(
  id: string,
  read: ModelReader,
  tell?: (part: number) => void,
): Promise<BaseModel> {
  const llama = await loadLlama(await read(GGUF_FILE), tell);
  if (llama.chatTemplate === undefined) {
    throw new T2lError('base_model_invalid', `${id} has no chat template, so it cannot be asked.`);
  }
  const template = openChatTemplate(llama.chatTemplate, llama.tokens);
  const encode = (input: string) => promptIds(llama, template, input);
  return {
    id,
    hint: 'any text, such as: Paris is the capital of France.',
    together: false,
    problem(input) {
      if (input.trim() === '') {
        return 'The input is empty.';
      }
      const length = encode(input).length;
      const most = llama.config.context - MAX_TOKENS;
      return length > most
        ? `The input and what the template adds have ${length} tokens; ${id} reads at most ${most}.`
        : undefined;
    },
    // Bytes are tokens too.
    unread: () => [],
    async answer(inputs, lora, progress) {
      const answers: string[] = [];
      for (const [index, input] of inputs.entries()) {
        const tellText = progress && ((text: string) => progress(index, text));
        answers.push(await answer(llama, template, llama.begin(lora), encode(input), tellText));
      }
      return answers;
    },
    release: () => llama.release(),
  };
}

/** Token ids of an input in the model's template. */
export function promptIds({ tokens }: Llama, template: ChatTemplate, input: string): number[] {
  return tokens.tokenizer.encode(template.prompt(input), { add_special_tokens: false }).ids;
}

async function answer(
  { tokens: { tokenizer } }: Llama,
  { ends }: ChatTemplate,
  reading: Reading,
  prompt: readonly number[],
  tell: ((text: string) => void) | undefined,
): Promise<string> {
  const ids: number[] = [];
  const text = () => tokenizer.decode(ids, { skip_special_tokens: true }).trim();
  let logits = await reading.read(prompt);
  for (;;) {
    const next = argmax(logits);
    if (ends.has(next)) {
      return text();
    }
    ids.push(next);
    // A character of several tokens is one when the last of them has come.
    tell?.(text().replace(/\uFFFD+$/, ''));
    if (ids.length >= MAX_TOKENS) {
      return text();
    }
    logits = await reading.read([next]);
  }
}

function argmax(values: Float32Array): number {
  let best = 0;
  for (let i = 1; i < values.length; i++) {
    if ((values[i] as number) > (values[best] as number)) {
      best = i;
    }
  }
  return best;
}
