/**
 * The tiny base model of t2l-mini, which reads lines with an arrow: `input -> output`. A token is a
 * character, and it was trained on lists of short words, digits and letters.
 */
import type { BaseModel } from './base-model.ts';
import { encodePrompt, generateText } from './generate.ts';
import { loadLm, type ModelReader } from './model.ts';

/** What stands between an input and its answer: one token. */
const ARROW = ' -> ';
/** No answer of the tasks is as long; a model that has lost its way stops here. */
const MAX_TOKENS = 64;

/** The prompt of an input; one that ends in the arrow already, as prompts do, is taken as it is meant. */
export function arrowPrompt(input: string): string {
  return `${input.replace(/\s*->\s*$/, '').trim()}${ARROW}`;
}

/** Loads a base model that reads lines with an arrow. */
export async function openArrowModel(id: string, read: ModelReader): Promise<BaseModel> {
  const lm = await loadLm(read);
  return {
    id,
    hint: 'three or four short words, digits or letters, such as: cat sun map',
    together: true,
    problem(input) {
      const prompt = arrowPrompt(input);
      if (prompt === ARROW) {
        return 'The input is empty.';
      }
      if (/[\r\n]/.test(prompt)) {
        return 'The input must be one line.';
      }
      // A token is a character, but for the beginning and the arrow.
      const characters = encodePrompt(lm, prompt).length - 2;
      const most = lm.context - MAX_TOKENS - 2;
      return characters > most
        ? `The input has ${characters} characters; ${id} reads at most ${most}.`
        : undefined;
    },
    unread(input) {
      const characters = new Set(arrowPrompt(input).slice(0, -ARROW.length));
      return [...characters].filter((one) => lm.tokenizer.token_to_id(one) === undefined);
    },
    answer(inputs, lora) {
      return generateText(lm, inputs.map(arrowPrompt), lora, { maxTokens: MAX_TOKENS });
    },
    release: () => lm.session.release(),
  };
}
