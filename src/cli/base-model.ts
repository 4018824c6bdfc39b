/**
 * The base model of an adapter for a command: what does not ship is fetched once, if whoever runs the
 * command says so, at a prompt or by `--yes`, from the endpoint that is asked if that has it; or its file
 * is named.
 */
import { createInterface } from 'node:readline/promises';
import { T2lError } from '../contract/errors.ts';
import { KIND_TITLES } from '../contract/output-kinds.ts';
import { BASE_MODELS, type BaseModel } from '../lm/index.ts';
import { type Fetchable, openLocalBaseModel } from '../local/base-model.ts';
import type { AdapterDocument } from '../sdk/index.ts';
import type { Context } from './options.ts';
import { size } from './output.ts';
import { type ProgressBar, progressBar } from './progress-bar.ts';
import { endpointOf } from './service.ts';

/** Digits of an id that people type. */
const SHORT_ID = 12;

/** How to come by a base model that does not ship. */
export interface BaseModelChoice {
  /** Its GGUF file. */
  readonly gguf?: string;
  /** Fetch it without asking. */
  readonly yes?: boolean;
}

/**
 * Loads it.
 *
 * @throws T2lError `base_model_unavailable` if it does not run here with such an adapter, with where it does
 */
export async function baseModelOf(
  adapter: AdapterDocument,
  { gguf, yes = false }: BaseModelChoice,
  context: Context,
): Promise<BaseModel> {
  const { base_model: id, output } = adapter;
  if (output !== 'lora') {
    throw new T2lError(
      'base_model_unavailable',
      `${id} runs here with LoRA adapters only, and this one is of the kind ${KIND_TITLES[output]}. ` +
        `${inPeft(adapter, context)}.`,
    );
  }
  if (gguf !== undefined && BASE_MODELS.includes(id)) {
    throw new T2lError('usage_invalid', `--gguf is not for ${id}, which ships.`);
  }
  const endpoint = endpointOf(context.options);
  const token = process.env.T2L_TOKEN;
  let declined: Fetchable | undefined;
  const bar = progressBar();
  try {
    const model = await openLocalBaseModel(id, {
      gguf,
      endpoint: endpoint === undefined ? undefined : { endpoint, ...(token ? { token } : {}) },
      signal: context.signal,
      async mayFetch(what) {
        const wanted = yes || (await agreed(id, what, context.signal));
        declined = wanted ? undefined : what;
        return wanted;
      },
      fetched: (loaded, total) => show(bar, 'fetching', loaded, total),
      opened(part) {
        context.signal.throwIfAborted();
        bar.show(part, `opening ${id}`);
      },
    });
    if (model !== undefined) {
      return model;
    }
  } finally {
    bar.clear();
  }
  throw elsewhere(adapter, declined, context);
}

function show(bar: ProgressBar, what: string, loaded: number, total: number): void {
  bar.show(loaded / total, `${what} ${size(loaded)} of ${size(total)}`);
}

/** Asks on the terminal; whoever is not at one has not agreed. */
async function agreed(id: string, what: Fetchable, signal: AbortSignal): Promise<boolean> {
  if (!process.stdin.isTTY || !process.stderr.isTTY) {
    return false;
  }
  const asking = createInterface({ input: process.stdin, output: process.stderr });
  // A terminal in raw mode gives the key, not the signal.
  asking.on('SIGINT', () => process.emit('SIGINT'));
  const ended = new Promise<string>((resolve) => {
    asking.once('close', () => resolve('no'));
  });
  try {
    const how = what.through === 'pip' ? `with pip: ${what.source}` : `from ${what.source}`;
    const question =
      `${id} is not here yet. Fetch it ${how}, ${size(what.bytes)}, once, to\n` +
      `${what.path}? [Y/n] `;
    const answer = await Promise.race([asking.question(question, { signal }), ended]);
    return /^(y|yes)?$/i.test(answer.trim());
  } finally {
    asking.close();
  }
}

/** Where the adapter can be run instead, or how to have its base model here. */
function elsewhere(
  adapter: AdapterDocument,
  declined: Fetchable | undefined,
  context: Context,
): T2lError {
  const { id, base_model, formats } = adapter;
  const short = id.slice(0, SHORT_ID);
  const get = getLine(id, context);
  const gguf =
    formats.gguf === undefined
      ? ''
      : `; in llama.cpp: ${get} --layout gguf, then llama-server -m base.gguf --lora ${short}/adapter.gguf`;
  const here =
    declined === undefined
      ? 'name its GGUF file with --gguf FILE'
      : `--yes fetches it (${offerOf(declined)}), or name its GGUF file with --gguf FILE`;
  return new T2lError(
    'base_model_unavailable',
    `${base_model} is not here: ${here}. ${inPeft(adapter, context)}${gguf}.`,
  );
}

function inPeft({ id }: AdapterDocument, context: Context): string {
  return `In PEFT: ${getLine(id, context)}, then PeftModel.from_pretrained(base, "${id.slice(0, SHORT_ID)}")`;
}

function getLine(id: string, { options: { endpoint } }: Context): string {
  const short = id.slice(0, SHORT_ID);
  return `t2l get ${short}${endpoint === undefined ? '' : ` --endpoint ${endpoint}`} --out ${short}`;
}

function offerOf({ source, through, bytes }: Fetchable): string {
  return `${source}, ${size(bytes)}${through === 'pip' ? ', through pip' : ''}`;
}
