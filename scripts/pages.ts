/**
 * Makes what the pages at `/` and `/docs` load. wrangler runs it before it builds the Worker (`[build]` in
 * wrangler.toml), and everything that starts an endpoint another way, or packs one, calls it.
 */
import { buildPlayground } from './playground.ts';
import { copyReferencePage } from './reference-page.ts';

/** Makes sure that the pages have all their files, and current ones. */
export async function makePages(): Promise<void> {
  await copyReferencePage();
  await buildPlayground();
}

if (import.meta.main) {
  await makePages();
}
