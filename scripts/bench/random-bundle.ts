/**
 * A bundle of Text-to-LoRA S at the sizes of Mistral-7B, with random weights: right for measuring,
 * useless for anything else. The exporter of training/ makes it, once for each of its versions.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { cp, glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { progress } from '../command.ts';
import { ROOT } from '../environment.ts';

const TRAINING = join(ROOT, 'training');
const TARGET = join(TRAINING, 'configs/targets/mistral-7b-instruct-v0.2.json');
const NAME = 't2l-s-mistral-7b-random';
const VERSION = '0.0.0';
const ENCODERS = join(ROOT, 'src/assets/hypernets/encoders');

/** The folder of the bundle; made if it is not there yet. */
export async function randomBundle(): Promise<string> {
  const root = join(ROOT, 'node_modules/.cache/t2l-bench', await exporterVersion());
  const folder = join(root, NAME, VERSION);
  if (existsSync(join(folder, 'manifest.json'))) {
    return folder;
  }
  progress(`Making ${NAME} with the exporter`);
  const stdio: ['ignore', 'ignore', 'inherit'] = ['ignore', 'ignore', 'inherit'];
  execFileSync('bash', [join(ROOT, 'scripts/setup-training.sh')], { stdio });
  // The encoder that the repository ships, so that it is not quantised again.
  await cp(ENCODERS, join(root, 'encoders'), { recursive: true });
  const options = ['--random', '--variant', 'S', '--target', TARGET, '--name', NAME];
  execFileSync(
    join(TRAINING, '.venv/bin/python'),
    ['-m', 't2l.export', ...options, '--version', VERSION, '--out', root, '--overwrite'],
    { cwd: TRAINING, stdio },
  );
  return folder;
}

/** A hash of everything that determines the bundle's bytes. */
async function exporterVersion(): Promise<string> {
  const hash = createHash('sha256');
  const files = [TARGET, join(TRAINING, 'requirements.txt')];
  for await (const file of glob('t2l/*.py', { cwd: TRAINING })) {
    files.push(join(TRAINING, file));
  }
  for (const file of files.sort()) {
    hash.update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}
