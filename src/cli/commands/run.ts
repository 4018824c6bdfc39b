/**
 * `t2l run`: what an adapter changes, in the terminal. The base model answers every input twice, without
 * the adapter and with it; inputs come as an argument, line by line from a pipe, or at a prompt.
 */
import { WEIGHTS_FILE } from '../../adapter/peft.ts';
import { unpackPeft } from '../../adapter/unpack.ts';
import { T2lError } from '../../contract/errors.ts';
import { canonicalId, ID_PREFIX } from '../../contract/requests/names.ts';
import type { BaseModel } from '../../lm/index.ts';
import type { AdapterDocument } from '../../sdk/index.ts';
import { type BaseModelChoice, baseModelOf } from '../base-model.ts';
import { EXIT } from '../exit-codes.ts';
import { fitWarning } from '../fit.ts';
import { Interruption } from '../interruption.ts';
import { lineGroups } from '../lines.ts';
import type { Context, MakingOptions } from '../options.ts';
import { pairs, tell } from '../output.ts';
import { promptLoop } from '../prompt.ts';
import { readRecipe } from '../recipe.ts';
import { openService, type Service } from '../service.ts';

/** How to make the adapter and come by its base model, and whether to ask for inputs whatever stdin is. */
interface RunOptions extends MakingOptions, BaseModelChoice {
  readonly interactive?: boolean;
}

/** As wide as the labels of answers. */
const LABEL = ' '.repeat('adapted  '.length);

/** Answers two ways. */
type Ask = (inputs: readonly string[]) => Promise<void>;

/** Answers one input, all lines of stdin, or what is typed. */
export async function runAdapter(
  adapter: string,
  input: string | undefined,
  options: RunOptions,
  context: Context,
): Promise<void> {
  const { signal, output } = context;
  const service = await openService(context.options);
  const document = await findOrMake(service, adapter, options, context);
  const model = await baseModelOf(document, options, context);
  const lora = unpackPeft(await service.download(document, WEIGHTS_FILE, { signal }));
  const warning = fitWarning(document.fit);
  if (warning !== undefined) {
    output.warn(warning);
  }

  const piped = input === undefined && options.interactive !== true && !process.stdin.isTTY;
  const ask: Ask = async (all) => {
    for (const inputs of model.together ? [all] : all.map((one) => [one])) {
      await askAtOnce(inputs);
    }
  };
  const askAtOnce: Ask = async (inputs) => {
    // Between two tokens is where an interruption is heard.
    const heard = () => signal.throwIfAborted();
    const base = await model.answer(inputs, undefined, heard);
    const adapted = await model.answer(inputs, lora, heard);
    for (const [at, one] of inputs.entries()) {
      const answers = { input: one, base: base[at] ?? '', adapted: adapted[at] ?? '' };
      output.record(answers, () => [
        ...pairs([
          // Whoever typed it has it before their eyes.
          ...(piped ? [['input', one] as const] : []),
          ['base', shown(answers.base)],
          ['adapted', output.style('bold', shown(answers.adapted))],
        ]),
        ...(piped ? [''] : []),
      ]);
    }
  };

  try {
    if (input !== undefined) {
      await ask([checked(model, input, context)]);
    }
    if (piped) {
      await answerLines(model, ask, context);
    } else if (input === undefined || options.interactive === true) {
      const greeting = `${about(document)}; an input is ${model.hint}`;
      await promptLoop(greeting, signal, async (line) => {
        await orTell(context, () => ask([checked(model, line, context)]));
      });
    }
  } catch (error) {
    throw signal.aborted ? new Interruption('the adapter is kept') : error;
  }
}

async function findOrMake(
  service: Service,
  adapter: string,
  { interactive: _interactive, gguf: _gguf, yes: _yes, ...making }: RunOptions,
  context: Context,
): Promise<AdapterDocument> {
  const { signal } = context;
  const given = Object.keys(making).filter(
    (name) => making[name as keyof typeof making] !== undefined,
  );
  if (isId(adapter)) {
    if (given.length > 0) {
      throw new T2lError(
        'usage_invalid',
        `--${given.join(' and --')} goes with a description; the adapter of an id is as it was made.`,
      );
    }
    return service.adapter(adapter, { signal });
  }
  if (adapter === '-') {
    throw new T2lError(
      'usage_invalid',
      'run reads inputs from stdin; give the description as an argument in quotes.',
    );
  }
  const recipe = await readRecipe(adapter, making, signal);
  context.output.progress('generating');
  return service.generate(recipe, { signal });
}

/** Ids as people paste them. Short ones too: `a1b2c3` is nobody's description. */
function isId(text: string): boolean {
  const id = canonicalId(text);
  return ID_PREFIX.test(id) || /^t2l\//i.test(text) || /^(?=.*\d)[0-9a-f]{4,}$/.test(id);
}

/** Answers every line; those that cannot be asked are said, and the rest is answered. */
async function answerLines(model: BaseModel, ask: Ask, context: Context): Promise<void> {
  for await (const group of lineGroups(process.stdin, context.signal)) {
    const inputs: string[] = [];
    for (const { number, text } of group) {
      const asked = await orTell(context, async () => {
        if (text === null) {
          throw new T2lError('model_input_invalid', `Line ${number} is not UTF-8 text.`);
        }
        inputs.push(checked(model, text, context, `Line ${number}: `));
      });
      if (!asked) {
        process.exitCode = EXIT.usage;
      }
    }
    await ask(inputs);
    context.signal.throwIfAborted();
  }
}

function checked(model: BaseModel, input: string, { output }: Context, where = ''): string {
  const problem = model.problem(input);
  if (problem !== undefined) {
    throw new T2lError('model_input_invalid', `${where}${problem}`);
  }
  const unread = model.unread(input);
  if (unread.length > 0) {
    output.warn(`${where}the base model cannot read ${unread.join(' ')}`);
  }
  return input;
}

/** Does something; if the input is to blame, says so and gives false. */
async function orTell({ options }: Context, work: () => Promise<void>): Promise<boolean> {
  try {
    await work();
    return true;
  } catch (error) {
    if (!(error instanceof T2lError && error.code === 'model_input_invalid')) {
      throw error;
    }
    tell(error, options.json === true);
    return false;
  }
}

/** An answer as it stands after its label: its further lines begin where the first does. */
function shown(answer: string): string {
  return answer.trim() === '' ? '(nothing)' : answer.replaceAll('\n', `\n${LABEL}`);
}

function about({ id, description }: AdapterDocument): string {
  return description === null ? id.slice(0, 12) : `“${description}”`;
}
