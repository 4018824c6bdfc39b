/**
 * Bundles of networks at the sizes of real base models, with random weights: right for measuring,
 * useless for anything else. The exporter of training/ makes them, once for each of its versions.
 */
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { progress } from '../command.ts';
import { ROOT } from '../environment.ts';

/** The shape of a network, as the exporter's options say it. */
export interface NetworkSpec {
  readonly name: string;
  readonly variant: 'S' | 'M' | 'L';
  /** Path of a target spec. */
  readonly target: string;
  readonly dim: number;
  readonly latent: number;
  readonly headIn: number;
  /** Whether it is cut into chunks; undefined leaves that to the exporter. */
  readonly chunked: boolean | undefined;
  readonly precisions: readonly ('float32' | 'int8')[];
}

export const TRAINING = join(ROOT, 'training');
const TARGETS = join(TRAINING, 'configs/targets');

const MISTRAL = {
  target: join(TARGETS, 'mistral-7b-instruct-v0.2.json'),
  dim: 384,
  latent: 128,
  headIn: 512,
  precisions: ['float32', 'int8'],
} as const;

/**
 * Text-to-LoRA S at the sizes of Mistral-7B: 5 million weights, in one graph. The exporter would cut it,
 * because whole it needs more than an isolate has; whole it is what the others are compared with.
 */
export const S_MISTRAL: NetworkSpec = {
  ...MISTRAL,
  name: 't2l-s-mistral-7b-random',
  variant: 'S',
  chunked: false,
};

/** The same as the exporter cuts it. */
export const S_MISTRAL_CHUNKED: NetworkSpec = {
  ...S_MISTRAL,
  name: 't2l-s-mistral-7b-chunked-random',
  chunked: true,
};

/** Text-to-LoRA L at the sizes of Mistral-7B: 55 million weights. */
export const L_MISTRAL: NetworkSpec = {
  ...MISTRAL,
  name: 't2l-l-mistral-7b-random',
  variant: 'L',
  chunked: true,
};

/** L for Llama-3.1-8B as wide as Sakana AI released it: 230 million weights, 920 MB in float32. */
export const L_LLAMA: NetworkSpec = {
  name: 't2l-l-llama-8b-random',
  variant: 'L',
  target: join(TARGETS, 'llama-3.1-8b-instruct.json'),
  dim: 1024,
  latent: 512,
  headIn: 2048,
  chunked: true,
  precisions: ['int8'],
};

/**
 * S at the sizes of SmolLM2-135M, for where t2l-smollm2 itself does not ship. Its alpha is so large that random weights move the model, for tests.
 */
export const S_SMOLLM2: NetworkSpec = {
  name: 't2l-smollm2',
  variant: 'S',
  target: join(import.meta.dirname, 'targets/smollm2-135m-instruct.json'),
  dim: 384,
  latent: 128,
  headIn: 512,
  chunked: undefined,
  precisions: ['float32', 'int8'],
};

const VERSION = '0.0.0';
/** What the bytes of a bundle with random weights are made by. */
const EXPORTER = 't2l/{export,graph,hypernet,encoders,base}/**/*.py';

/** The options of training/ that give a network its shape. */
export function shapeOptions(spec: NetworkSpec): string[] {
  return [
    ['--variant', spec.variant],
    ['--target', spec.target],
    ['--dim', String(spec.dim)],
    ['--latent', String(spec.latent)],
    ['--head-in', String(spec.headIn)],
  ].flat();
}

/** Runs a module of training/ with its Python, whose environment is made first if need be. */
export function runTraining(module: string, options: readonly string[]): string {
  execFileSync('bash', [join(ROOT, 'scripts/setup-training.sh')], {
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  return execFileSync(join(TRAINING, '.venv/bin/python'), ['-m', module, ...options], {
    cwd: TRAINING,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  });
}

/** The folder of a network's bundle; made if it is not there yet. */
export async function randomBundle(spec: NetworkSpec): Promise<string> {
  const root = join(ROOT, 'node_modules/.cache/t2l-bench', await exporterVersion(spec));
  const folder = join(root, spec.name, VERSION);
  if (existsSync(join(folder, 'manifest.json'))) {
    return folder;
  }
  progress(`Making ${spec.name} with the exporter`);
  runTraining('t2l.export.random_bundle', [
    ...shapeOptions(spec),
    ...spec.precisions.flatMap((precision) => ['--precision', precision]),
    ...(spec.chunked === undefined ? [] : [spec.chunked ? '--chunked' : '--whole']),
    ...['--name', spec.name, '--version', VERSION, '--out', root, '--overwrite'],
  ]);
  return folder;
}

/** A hash of everything that determines the bundle's bytes. */
async function exporterVersion(spec: NetworkSpec): Promise<string> {
  const { target, ...shape } = spec;
  const hash = createHash('sha256').update(JSON.stringify(shape));
  const files = [target, join(TRAINING, 'requirements.txt')];
  for await (const file of glob(EXPORTER, { cwd: TRAINING })) {
    files.push(join(TRAINING, file));
  }
  if (!files.some((file) => file.endsWith('random_bundle.py'))) {
    throw new Error(`${EXPORTER} does not name the exporter`);
  }
  for (const file of files.sort()) {
    hash.update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}
