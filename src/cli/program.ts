/**
 * Names, arguments and options of every command. A command's code is loaded when it runs, so that
 * `--help` loads nothing and `id` loads no ONNX Runtime.
 */
import { Command, CommanderError, Option } from 'commander';
import { T2lError } from '../contract/errors.ts';
import { packageFacts } from '../local/places.ts';
import { EXIT_HELP, isAbort } from './exit-codes.ts';
import {
  type Context,
  count,
  type GlobalOptions,
  layoutOption,
  type RecipeOptions,
  recipeOptions,
  wholeNumber,
} from './options.ts';
import { createOutput, fail } from './output.ts';

/** Runs one command; what goes wrong becomes one line on stderr and an exit code. */
export async function run(args: readonly string[]): Promise<void> {
  const json = args.includes('--json');
  const interruption = new AbortController();
  for (const name of ['SIGINT', 'SIGTERM'] as const) {
    // Once: a second signal ends the process as it always would.
    process.once(name, () => interruption.abort());
  }
  try {
    await program(interruption.signal).parseAsync(args, { from: 'user' });
  } catch (error) {
    if (error instanceof CommanderError) {
      if (error.exitCode !== 0) {
        fail(new T2lError('usage_invalid', usageOf(error)), json);
      }
      return;
    }
    fail(error, json);
    if (isAbort(error)) {
      // Work that cannot be stopped is left; what it writes is whole or not there.
      process.exit();
    }
  }
}

function program(signal: AbortSignal): Command {
  const all = new Command('t2l')
    .description('LoRA adapters from descriptions, on this machine or by an endpoint.')
    .version(packageFacts().version)
    .option('--endpoint <url>', 'ask this endpoint instead of working here (env T2L_ENDPOINT)')
    .option('--data <dir>', "where adapters are kept here (default: the platform's data folder)")
    .option('--hypernets <dir>', 'folder of further bundles, <name>/<version>/ (local operation)')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', EXIT_HELP);

  function command(usage: string, about: string): Command {
    return all
      .command(usage)
      .description(about)
      .configureHelp({ showGlobalOptions: true })
      .allowExcessArguments(false);
  }

  function context(chosen: Command): Context {
    const options = chosen.optsWithGlobals<GlobalOptions>();
    return { options, output: createOutput(options.json === true), signal };
  }

  recipeOptions(
    command('generate [description]', 'make an adapter and write its files into a folder')
      .option('--out <dir>', 'the folder (default: t2l-<first digits of the id>)')
      .option('--force', 'also into a folder that holds something else')
      .addOption(layoutOption()),
  ).action(async (description: string | undefined, options: RecipeOptions & object, chosen) => {
    const { generate } = await import('./commands/generate.ts');
    await generate(description, options, context(chosen));
  });

  command('get <id>', 'write the files of a known adapter into a folder')
    .requiredOption('--out <dir>', 'the folder')
    .option('--force', 'also into a folder that holds something else')
    .addOption(layoutOption())
    .action(async (id: string, options: { out: string }, chosen) => {
      const { get } = await import('./commands/generate.ts');
      await get(id, options, context(chosen));
    });

  command('list', 'list adapters, newest first')
    .option('--hypernet <name>', 'only those of this hypernetwork')
    .option('--base-model <id>', 'only those for this base model')
    .option('--q <text>', 'only those whose description contains this text')
    .option('--limit <number>', 'at most so many', count, 20)
    .action(async (options: { limit: number }, chosen) => {
      const { list } = await import('./commands/show.ts');
      await list(options, context(chosen));
    });

  command('show <id>', 'print what is known of an adapter').action(
    async (id: string, _options: object, chosen) => {
      const { show } = await import('./commands/show.ts');
      await show(id, context(chosen));
    },
  );

  recipeOptions(command('id [description]', 'print the id of an adapter without making it')).action(
    async (description: string | undefined, options: RecipeOptions, chosen) => {
      const { id } = await import('./commands/id.ts');
      await id(description, options, context(chosen));
    },
  );

  command(
    'verify <dir> [id]',
    'check the files of a folder against the adapter they claim to be',
  ).action(async (dir: string, id: string | undefined, _options: object, chosen) => {
    const { verify } = await import('./commands/verify.ts');
    await verify(dir, id, context(chosen));
  });

  const publish = command('publish', 'hand an adapter to a service that runs base models');
  publish
    .command('workers-ai <id>')
    .description('create a fine-tune of Cloudflare Workers AI, or complete one')
    .requiredOption('--account <id>', 'Cloudflare account id')
    .option('--name <name>', 'of the fine-tune (default: from the adapter id)')
    .option('--model <model>', 'model of Workers AI (default: the one of the base model)')
    .option('--token-env <variable>', 'variable that holds the API token', 'CLOUDFLARE_API_TOKEN')
    .addOption(new Option('--api <url>', 'of the Cloudflare API').hideHelp())
    .configureHelp({ showGlobalOptions: true })
    .action(async (id: string, options: { account: string; tokenEnv: string }, chosen) => {
      const { publishWorkersAi } = await import('./commands/publish.ts');
      await publishWorkersAi(id, options, context(chosen));
    });

  command('serve', 'run the endpoint itself on this machine (needs miniflare)')
    .option('--port <number>', 'to listen at; 0: any free one', wholeNumber, 8787)
    .option('--host <address>', 'to listen at', '127.0.0.1')
    .action(async (options: { port: number; host: string }, chosen) => {
      const { serve } = await import('./commands/serve.ts');
      await serve(options, context(chosen));
    });

  const hypernet = command('hypernet', 'the hypernetworks there are');
  hypernet
    .command('list')
    .description('list them')
    .configureHelp({ showGlobalOptions: true })
    .action(async (_options: object, chosen) => {
      const { listHypernets } = await import('./commands/hypernet.ts');
      await listHypernets(context(chosen));
    });
  hypernet
    .command('show <name>')
    .description('print what is known of one, or of one version of it: name@version')
    .configureHelp({ showGlobalOptions: true })
    .action(async (name: string, _options: object, chosen) => {
      const { showHypernet } = await import('./commands/hypernet.ts');
      await showHypernet(name, context(chosen));
    });

  silence(all);
  return all;
}

/** Errors are thrown, not printed: `run` says them in one line. */
function silence(command: Command): void {
  command.exitOverride().configureOutput({ writeErr() {}, getOutHasColors: () => false });
  command.commands.forEach(silence);
}

function usageOf({ message, code }: CommanderError): string {
  if (code === 'commander.help') {
    return 'Name a command; t2l --help lists them.';
  }
  const text = message.replace(/^error: /, '').replace(/\s*\n\s*/g, ' ');
  return `${text}${/[.)]$/.test(text) ? '' : '.'} t2l --help lists commands and options.`;
}
