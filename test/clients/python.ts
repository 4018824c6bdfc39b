/** Runs real clients in Python, each in a process of its own that knows no hub but the given one. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);
const CLIENTS = import.meta.dirname;

/** Environments that scripts/setup-clients.sh makes. */
export const ENVIRONMENTS = {
  new: join(CLIENTS, '.venv-new/bin'),
  old: join(CLIENTS, '.venv-old/bin'),
  'peft-old': join(CLIENTS, '.venv-peft-old/bin'),
  training: join(CLIENTS, '../../training/.venv/bin'),
} as const;

/** A token that no endpoint knows: clients send it with every request. */
export const TOKEN = 'hf_thetokenofsomebody';

/** Runs a program of an environment with an empty cache; gives what it printed. */
export async function runClient(
  environment: keyof typeof ENVIRONMENTS,
  endpoint: string,
  [program, ...args]: readonly [string, ...string[]],
): Promise<string> {
  const home = await mkdtemp(join(tmpdir(), 't2l-hf-'));
  try {
    const { stdout } = await run(join(ENVIRONMENTS[environment], program), args, {
      cwd: CLIENTS,
      maxBuffer: 64 * 1024 * 1024,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        HF_HOME: home,
        HF_ENDPOINT: endpoint,
        HF_TOKEN: TOKEN,
        HF_HUB_DISABLE_TELEMETRY: '1',
        HF_HUB_DISABLE_PROGRESS_BARS: '1',
        OMP_NUM_THREADS: '1',
        TOKENIZERS_PARALLELISM: 'false',
        PYTHONDONTWRITEBYTECODE: '1',
      },
    });
    return stdout;
  } finally {
    await rm(home, { recursive: true });
  }
}

/** Runs a call of hub_calls.py. */
export async function call<Answer>(
  environment: keyof typeof ENVIRONMENTS,
  endpoint: string,
  name: string,
  options: Readonly<Record<string, unknown>>,
): Promise<Answer> {
  const args = ['python', 'hub_calls.py', name, JSON.stringify(options)] as const;
  return JSON.parse(await runClient(environment, endpoint, args)) as Answer;
}
