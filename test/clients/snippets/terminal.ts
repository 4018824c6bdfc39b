/**
 * A page at a terminal: its blocks one after the other in one shell, so that a folder that was entered
 * and a variable that was set are there in the next block. Python, TypeScript and HTML are run in the
 * folder that the shell is in. The first block that fails ends the page.
 */
import { execFile } from 'node:child_process';
import { mkdir, mkdtemp, readFile, writeFile } from 'node:fs/promises';
import { delimiter, join } from 'node:path';
import { ROOT } from '../../../scripts/environment.ts';
import { type Block, commandsOf } from './blocks.ts';
import type { Checkout } from './checkout.ts';
import { standInOf } from './stand-ins.ts';

const PLACE_OF_ENDPOINT = /localhost:8787/g;
const PYTHON = 'training/.venv/bin/python';

/** What became of a block. */
export interface Outcome {
  readonly ended: boolean;
  /** What a person reads below it: of a shell block both streams, of others stdout. */
  readonly printed: string;
  readonly complaints: string;
}

/** Runs a page's blocks, beginning in a folder. */
export async function runPage(
  blocks: readonly Block[],
  { folder, root, host, welcome }: Checkout,
  where: string,
): Promise<Outcome[]> {
  const desk = await mkdtemp(join(folder, 'desk-'));
  const home = join(folder, 'home');
  await mkdir(home, { recursive: true });
  const script = ['set -eo pipefail'];
  for (const [index, block] of blocks.entries()) {
    const out = join(desk, String(index));
    const code = block.code.replaceAll(PLACE_OF_ENDPOINT, host);
    const file = `${out}.${block.language}`;
    await writeFile(file, block.language === 'sh' ? shellOf(code) : code);
    const streams = `>'${out}.out' 2>${block.language === 'sh' ? '&1' : `'${out}.err'`}`;
    const run = standInOf(code) === undefined ? runner(block.language, file, root) : ':';
    script.push(`${block.language === 'sh' ? `source '${file}'` : run} ${streams} </dev/null`);
    script.push(`: >'${out}.ended'`);
  }
  await writeFile(join(desk, 'page.sh'), `${script.join('\n')}\n`);
  const env = {
    PATH: [join(ROOT, 'node_modules/.bin'), process.env.PATH].join(delimiter),
    HOME: home,
    XDG_DATA_HOME: join(home, 'data'),
    HF_HOME: join(home, 'hf'),
    HF_HUB_DISABLE_TELEMETRY: '1',
    HF_HUB_DISABLE_PROGRESS_BARS: '1',
    OMP_NUM_THREADS: '1',
    TOKENIZERS_PARALLELISM: 'false',
    PYTHONDONTWRITEBYTECODE: '1',
    // The package that set-up installed is a link to the tree that is tested, not to this copy.
    PYTHONPATH: join(root, 'training'),
    WELCOME: welcome,
    ...(process.env.CHROMIUM && { CHROMIUM: process.env.CHROMIUM }),
    ...(process.env.T2L_TORCH_INDEX && { T2L_TORCH_INDEX: process.env.T2L_TORCH_INDEX }),
  };
  await new Promise<void>((resolve) => {
    execFile('bash', [join(desk, 'page.sh')], { cwd: where, env }, () => resolve());
  });
  return Promise.all(
    blocks.map(async (_, index) => {
      const read = (ending: string) =>
        readFile(join(desk, `${index}.${ending}`), 'utf8').catch(() => undefined);
      return {
        ended: (await read('ended')) !== undefined,
        // Others than the reader's are the port and the folder of this run.
        printed: ((await read('out')) ?? '').replaceAll(host, 'localhost:8787'),
        complaints: (await read('err')) ?? '',
      };
    }),
  );
}

/** The block with what is run in place of some commands. */
function shellOf(code: string): string {
  const commands = commandsOf(code).map((command) => {
    const standIn = standInOf(command);
    return standIn === undefined ? command : (standIn.instead ?? ':');
  });
  return `${commands.join('\n')}\n`;
}

function runner(language: Block['language'], file: string, root: string): string {
  switch (language) {
    case 'sh':
      return `source '${file}'`;
    case 'python':
      return `'${join(root, PYTHON)}' '${file}'`;
    case 'ts':
      // Beside the reader's package.json, so that the package's own name is known there.
      return `{ cp '${file}' example.ts && node example.ts; }`;
    case 'html':
      return `node '${join(import.meta.dirname, 'browse.ts')}' '${file}'`;
  }
}
