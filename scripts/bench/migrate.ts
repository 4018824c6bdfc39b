/** The tables of a fresh database. */
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from '../environment.ts';

/** Between the statements of a migration. */
const BREAKPOINT = '--> statement-breakpoint';

/** Applies all migrations. */
export async function migrate(database: Pick<D1Database, 'prepare'>): Promise<void> {
  const folder = join(ROOT, 'migrations');
  for (const file of (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()) {
    for (const statement of (await readFile(join(folder, file), 'utf8')).split(BREAKPOINT)) {
      await database.prepare(statement).run();
    }
  }
}
