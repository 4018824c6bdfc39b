/**
 * Names, arguments and options of every command. A command's code is loaded when it runs, so that
 * `--help` loads nothing and `id` loads no ONNX Runtime.
 */
import { Command, Option } from 'commander';
import { SCOPES } from '../contract/scopes.ts';
import { packageFacts } from '../local/places.ts';
import { EXAMPLES, examplesHelp, FIRST_EXAMPLES } from './examples.ts';
import { EXIT_HELP } from './exit-codes.ts';
import {
  type Context,
  count,
  type GlobalOptions,
  layoutOption,
  type MakingOptions,
  makingOptions,
  type RecipeOptions,
  recipeOptions,
  type TokenOptions,
  wholeNumber,
} from './options.ts';
import { createOutput } from './output.ts';
import { requireQuotes } from './sentence.ts';

/** All commands; what they run ends with `signal`. */
export function createProgram(signal: AbortSignal): Command {
  const all = new Command('t2l')
    .description('LoRA adapters from descriptions, on this machine or by an endpoint.')
    .version(packageFacts().version)
    .option('--endpoint <url>', 'ask this endpoint instead of working here (env T2L_ENDPOINT)')
    .option('--data <dir>', "where adapters are kept here (default: the platform's data folder)")
    .option('--hypernets <dir>', 'folder of further bundles, <name>/<version>/ (local operation)')
    .option('--json', 'print the result as JSON')
    .addHelpText('after', `${examplesHelp(FIRST_EXAMPLES)}\n${EXIT_HELP}`);

  function command(usage: string, about: string, parent = all): Command {
    const made = parent
      .command(usage)
      .description(about)
      .configureHelp({ showGlobalOptions: true })
      .allowExcessArguments(false);
    const name = parent === all ? made.name() : `${parent.name()} ${made.name()}`;
    // After all: examples are the last thing, whatever else a command adds.
    return made.addHelpText('afterAll', () => examplesHelp(EXAMPLES[name]));
  }

  function context(chosen: Command): Context {
    const options = chosen.optsWithGlobals<GlobalOptions>();
    return { options, output: createOutput(options.json === true), signal };
  }

  recipeOptions(
    command('generate [description]', 'make an adapter and write its files into a folder')
      .option('--out <dir>', 'the folder (default: t2l-<first digits of the id>)')
      .option('--force', 'also into a folder that holds something else')
      .addOption(layoutOption())
      .option('--unlisted', 'if it is new: leave it out of lists and searches')
      .option('--refuse-unfit', 'make nothing that is not expected to work')
      .allowExcessArguments(true),
  ).action(async (description: string | undefined, options: RecipeOptions & object, chosen) => {
    requireQuotes('generate', chosen.args);
    const { generate } = await import('./commands/generate.ts');
    await generate(description, options, context(chosen));
  });

  makingOptions(
    command('run <id-or-description> [input]', 'ask the base model, without an adapter and with it')
      .option('-i, --interactive', 'ask for inputs at a prompt, also if stdin is no terminal')
      .option('-y, --yes', 'fetch the base model, if it is not here, without asking')
      .option('--gguf <file>', 'of the base model, if it is not one that ships')
      .allowExcessArguments(true),
  )
    .addHelpText(
      'after',
      '\nWithout an input, the lines of stdin are answered. Models of the Llama family run here from\n' +
        'their GGUF file, one thread, in float32: SmolLM2-135M takes 0.9 GB of memory.',
    )
    .action(async (adapter: string, input: string | undefined, options: MakingOptions, chosen) => {
      requireQuotes('run', chosen.args, 1);
      const { runAdapter } = await import('./commands/run.ts');
      await runAdapter(adapter, input, options, context(chosen));
    });

  command('batch <file>', 'make an adapter for every line of a file, or of stdin (-)')
    .option('--out <file>', 'append the documents to this file, and skip what it has already')
    .addHelpText(
      'after',
      '\nA line is a JSON object as POST /v1/adapters takes it, or a description in quotes. For each,\n' +
        'the adapter document is written as one line, or {"line", "error"}.',
    )
    .action(async (file: string, options: { out?: string }, chosen) => {
      const { batch } = await import('./commands/batch.ts');
      await batch(file, options, context(chosen));
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
    .option('--unlisted', 'those that lists leave out; an endpoint wants its admin token')
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

  recipeOptions(
    command(
      'id [description]',
      'print the id of an adapter without making it',
    ).allowExcessArguments(true),
  ).action(async (description: string | undefined, options: RecipeOptions, chosen) => {
    requireQuotes('id', chosen.args);
    const { id } = await import('./commands/id.ts');
    await id(description, options, context(chosen));
  });

  command(
    'verify <dir> [id]',
    'check the files of a folder against the adapter they claim to be',
  ).action(async (dir: string, id: string | undefined, _options: object, chosen) => {
    const { verify } = await import('./commands/verify.ts');
    await verify(dir, id, context(chosen));
  });

  command('rm <id...>', 'remove adapters and their files; asks nothing')
    .option('--refuse', 'at an endpoint: make nothing of these descriptions again')
    .addHelpText('after', '\nAn endpoint wants its admin token, in the variable T2L_TOKEN.')
    .action(async (ids: string[], options: { refuse?: boolean }, chosen) => {
      const { remove } = await import('./commands/rm.ts');
      await remove(ids, options, context(chosen));
    });

  command('open [id]', "print the address of the endpoint's page, and open it in a browser").action(
    async (id: string | undefined, _options: object, chosen) => {
      const { open } = await import('./commands/open.ts');
      await open(id, context(chosen));
    },
  );

  const publish = command('publish', 'hand an adapter to a service that runs base models');
  command(
    'workers-ai <id>',
    'create a fine-tune of Cloudflare Workers AI, or complete one',
    publish,
  )
    .requiredOption('--account <id>', 'Cloudflare account id')
    .option('--name <name>', 'of the fine-tune (default: from the adapter id)')
    .option('--model <model>', 'model of Workers AI (default: the one of the base model)')
    .option('--token-env <variable>', 'variable that holds the API token', 'CLOUDFLARE_API_TOKEN')
    .addOption(new Option('--api <url>', 'of the Cloudflare API').hideHelp())
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
  command('list', 'list them', hypernet).action(async (_options: object, chosen) => {
    const { listHypernets } = await import('./commands/hypernet.ts');
    await listHypernets(context(chosen));
  });
  command(
    'show <name>',
    'print what is known of one, or of one version of it: name@version',
    hypernet,
  ).action(async (name: string, _options: object, chosen) => {
    const { showHypernet } = await import('./commands/hypernet.ts');
    await showHypernet(name, context(chosen));
  });

  const token = command('token', 'the tokens that an endpoint gives out (needs its admin token)');
  command('create <name>', 'make one; it is printed once and kept nowhere', token)
    .addOption(
      new Option('--scope <scope...>', 'what it is for; each has those before it')
        .choices(SCOPES)
        .default(['generate']),
    )
    .option('--days <number>', 'it expires after so many days (default: never)', count)
    .option('--daily <number>', 'adapters that it may have made in a day', wholeNumber)
    .action(async (name: string, options: TokenOptions, chosen) => {
      const { createToken } = await import('./commands/token.ts');
      await createToken(name, options, context(chosen));
    });
  command('list', 'list them, newest first', token).action(async (_options: object, chosen) => {
    const { listTokens } = await import('./commands/token.ts');
    await listTokens(context(chosen));
  });
  command('revoke <id>', 'end one', token).action(async (id: string, _options: object, chosen) => {
    const { revokeToken } = await import('./commands/token.ts');
    await revokeToken(id, context(chosen));
  });

  command('stats', 'print what an endpoint did in the last days (needs its admin token)')
    .option('--days <number>', 'today, and how many days with it (default: 1)', count)
    .action(async (options: { days: number | undefined }, chosen) => {
      const { stats } = await import('./commands/stats.ts');
      await stats(options, context(chosen));
    });

  const keys = command('keys', 'keys that bundles are signed with');
  command('new <file>', 'write a new private key into a file, and print its public key', keys)
    .addHelpText(
      'after',
      '\nThe public key is for the variable TRUSTED_KEYS of an endpoint, the file for npm run release.',
    )
    .action(async (file: string, _options: object, chosen) => {
      const { newKey } = await import('./commands/keys.ts');
      await newKey(file, context(chosen));
    });

  silence(all);
  return all;
}

/** Errors are thrown, not printed: whoever runs a command says them in one line. */
function silence(command: Command): void {
  command.exitOverride().configureOutput({ writeErr() {}, getOutHasColors: () => false });
  command.commands.forEach(silence);
}
