/**
 * Imports the reference's checkpoints with the Python importer, once, before the tests that run the
 * bundles: the same code that a person runs, so that what is tested here is what they get. While one
 * works on the edge alone, T2L_IMPORTED names a folder that was made before.
 */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';
import { setup as buildWorker } from '../build-worker.ts';

const TRAINING = join(import.meta.dirname, '../../training');

declare module 'vitest' {
  interface ProvidedContext {
    /** Folder with `cases.json`, `hypernets/` and `expected/`. */
    imported: string;
  }
}

/** vitest calls this before the suite; what it returns, after it. */
export async function setup(project: TestProject): Promise<() => Promise<void>> {
  const close = await buildWorker(project);
  const made = process.env.T2L_IMPORTED;
  if (made !== undefined) {
    project.provide('imported', made);
    return close;
  }
  const folder = mkdtempSync(join(tmpdir(), 't2l-imported-'));
  execFileSync(
    join(TRAINING, '.venv/bin/python'),
    ['tests/make_imported_bundles.py', join(folder, 'made')],
    { cwd: TRAINING, env: { ...process.env, PYTHONPATH: TRAINING }, stdio: 'inherit' },
  );
  project.provide('imported', join(folder, 'made'));
  return async () => {
    rmSync(folder, { recursive: true, force: true });
    await close();
  };
}
