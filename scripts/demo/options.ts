/** What `npm run demo` may be told. */
import { z } from 'zod';
import { NAME } from '../../src/contract/requests/names.ts';
import { readArguments, WrongUsage, wholeNumber } from '../command.ts';

/** The options, checked. */
export interface DemoOptions {
  /** A name or name@version; the one that answers when a request names none, if left out. */
  readonly hypernet: string | undefined;
  /** A file of tasks; the one that the repository has for the hypernetwork, if left out. */
  readonly tasks: string | undefined;
  /** Questions a task; each kind of demo has its own default. */
  readonly samples: number | undefined;
  readonly seed: number;
  /** The base model for llama.cpp; fetched if left out. */
  readonly gguf: string | undefined;
  /** An endpoint that runs already. */
  readonly endpoint: string | undefined;
  readonly knownWords: boolean;
  readonly json: boolean;
}

/** What `--help` prints. */
export const USAGE = `What an adapter made from a sentence does to a language model.

  npm run demo -- [options]

  --hypernet NAME   the hypernetwork, such as t2l-mini or t2l-smollm2; the default one if left out
  --samples N       questions a task (24 for t2l-mini, 3 for language models)
  --seed N          which questions are drawn (0)
  --tasks FILE      tasks of your own, in the format of src/assets/demo
  --gguf FILE       the base model for llama.cpp, in place of the one that pip fetches
  --endpoint URL    ask this endpoint in place of a fresh one on this machine
  --known-words     t2l-mini only: descriptions of words that training knew
  --json            print the result as JSON
  --help            print this`;

/**
 * Parses the command line.
 *
 * @throws WrongUsage for an option that is unknown and a value that cannot be right
 */
export function parseDemoOptions(args: readonly string[]): DemoOptions {
  const { values } = readArguments({
    args: [...args],
    options: {
      hypernet: { type: 'string' },
      tasks: { type: 'string' },
      samples: { type: 'string' },
      seed: { type: 'string', default: '0' },
      gguf: { type: 'string' },
      endpoint: { type: 'string' },
      'known-words': { type: 'boolean', default: false },
      json: { type: 'boolean', default: false },
    },
  });
  const { hypernet, endpoint } = values;
  if (hypernet !== undefined && !NAME.test(hypernet.split('@')[0] ?? '')) {
    throw new WrongUsage(`--hypernet must be a name such as t2l-mini, not ${hypernet}.`);
  }
  if (endpoint !== undefined && !z.url({ protocol: /^https?$/ }).safeParse(endpoint).success) {
    throw new WrongUsage(`--endpoint must be an http(s) address, not ${endpoint}.`);
  }
  return {
    hypernet,
    tasks: values.tasks,
    samples: values.samples === undefined ? undefined : wholeNumber('samples', values.samples, 1),
    seed: wholeNumber('seed', values.seed, 0),
    gguf: values.gguf,
    endpoint,
    knownWords: values['known-words'],
    json: values.json,
  };
}
