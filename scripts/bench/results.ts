/**
 * What was measured, kept beside the benchmark: docs/benchmarks.md is written from these files and no number
 * in it is typed. Each says on which machine and at which commit it was measured.
 */
import { execFileSync } from 'node:child_process';
import { mkdir, readFile, writeFile } from 'node:fs/promises';
import { cpus } from 'node:os';
import { join } from 'node:path';
import { ROOT } from '../environment.ts';
import type { ReadComparison } from './reads.ts';
import { benchmarksPage } from './results-page.ts';
import type { StepFigures } from './step.ts';
import type { TrafficFigures } from './traffic.ts';

/** Where and of what something was measured. */
export interface Measured<Figures> {
  readonly command: string;
  readonly machine: string;
  readonly commit: string;
  /** As `2026-11-30`. */
  readonly day: string;
  readonly figures: Figures;
}

/** Everything that the page has. */
export interface Results {
  readonly reads: Measured<readonly ReadComparison[]>;
  readonly traffic: Measured<TrafficFigures>;
  readonly step: Measured<StepFigures>;
}

const FOLDER = join(import.meta.dirname, 'results');
export const PAGE = join(ROOT, 'docs/benchmarks.md');

/** The processors of this machine. */
export function machine(): string {
  const all = cpus();
  return `${all.length} x ${all[0]?.model ?? 'unknown CPU'}`;
}

/** Keeps what was measured and writes the page anew. */
export async function keep<Name extends keyof Results>(
  name: Name,
  command: string,
  figures: Results[Name]['figures'],
): Promise<void> {
  const day = new Date().toISOString().slice(0, 10);
  const measured = { command, machine: machine(), commit: commit(), day, figures };
  await mkdir(FOLDER, { recursive: true });
  await writeFile(fileOf(name), `${JSON.stringify(measured, null, 2)}\n`);
  await writeFile(PAGE, benchmarksPage(await readResults()));
}

/** What was measured last. */
export async function readResults(): Promise<Partial<Results>> {
  const names = ['reads', 'traffic', 'step'] as const;
  const found = await Promise.all(
    names.map(async (name) => {
      const text = await readFile(fileOf(name), 'utf8').catch(() => undefined);
      return text === undefined ? [] : [[name, JSON.parse(text)] as const];
    }),
  );
  return Object.fromEntries(found.flat());
}

function fileOf(name: keyof Results): string {
  return join(FOLDER, `${name}.json`);
}

function commit(): string {
  const git = (...args: readonly string[]) =>
    execFileSync('git', args, { cwd: ROOT, encoding: 'utf8' }).trim();
  try {
    const changed = git('status', '--porcelain', '--', 'src', 'scripts', 'training/t2l') !== '';
    return `${git('rev-parse', '--short', 'HEAD')}${changed ? ' and changes' : ''}`;
  } catch {
    return 'unknown';
  }
}
