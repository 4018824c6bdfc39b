/**
 * What a chat model reads for an input: its own template, as training renders it (training's
 * `template/chat.py`). The system message is empty, and sent only where it takes the place of a default
 * that the template would write: an adapter alone says what is to be done.
 */
import { Template } from '@huggingface/jinja';
import { invalid } from '../gguf/reader.ts';
import type { GgufTokenizer } from '../gguf/tokenizer.ts';

/** What templates ask for beside messages; as training answers it. */
const OPTIONS = { enable_thinking: false, date_string: '26 Jul 2024' };

interface Message {
  readonly role: 'system' | 'user' | 'assistant';
  readonly content: string;
}

/** A model's way to be asked. */
export interface ChatTemplate {
  /** The text for an input, its special tokens in it. */
  prompt(input: string): string;
  /** Tokens that end an answer. */
  readonly ends: ReadonlySet<number>;
}

/**
 * Prepares the template of a model.
 *
 * @throws T2lError `base_model_invalid` if it cannot be used
 */
export function openChatTemplate(source: string, tokens: GgufTokenizer): ChatTemplate {
  const template = parsed(source);
  const render = (messages: readonly Message[], prompt: boolean) =>
    template.render({
      messages,
      add_generation_prompt: prompt,
      bos_token: tokens.bosToken,
      eos_token: tokens.eosToken,
      ...OPTIONS,
    });
  const first = systemMessages(render);
  const prompt = (input: string) => rendered(render, [...first, user(input)], true);
  const asked = prompt('x');
  const whole = rendered(render, [...first, user('x'), { role: 'assistant', content: 'y' }], false);
  const end = tokens.tokenizer
    .encode(whole.slice(asked.length), { add_special_tokens: false })
    .ids.find((id) => tokens.special.has(id));
  if (!whole.startsWith(asked) || end === undefined) {
    throw invalid('its chat template does not end an answer with a special token');
  }
  return { prompt, ends: new Set([end, tokens.eosId]) };
}

type Render = (messages: readonly Message[], prompt: boolean) => string;

function systemMessages(render: Render): readonly Message[] {
  const silent: Message = { role: 'system', content: '' };
  try {
    const length = render([silent, user('x')], false).length;
    return length < rendered(render, [user('x')], false).length ? [silent] : [];
  } catch {
    // No system role, so no default either.
    return [];
  }
}

function user(content: string): Message {
  return { role: 'user', content };
}

function parsed(source: string): Template {
  try {
    return new Template(source);
  } catch (cause) {
    throw invalid(
      `its chat template is no Jinja template that is understood here (${said(cause)})`,
    );
  }
}

function rendered(render: Render, messages: readonly Message[], prompt: boolean): string {
  try {
    return render(messages, prompt);
  } catch (cause) {
    throw invalid(`its chat template refuses a conversation (${said(cause)})`);
  }
}

function said(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
