/**
 * Copies Swagger UI from node_modules to the static assets, for the page at `/docs` (src/api/docs/
 * page.ts). A file that is there already is left alone, because wrangler watches the assets.
 */
import { copyFile, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { ROOT } from './environment.ts';

const FILES = ['swagger-ui-bundle.js', 'swagger-ui-bundle.js.LICENSE.txt', 'swagger-ui.css'];

/** Makes sure that the page has all its files. */
export async function copyReferencePage(): Promise<void> {
  for (const name of FILES) {
    const source = join(ROOT, 'node_modules/swagger-ui-dist', name);
    const target = join(ROOT, 'src/assets/docs', name);
    const [wanted, present] = await Promise.all([
      readFile(source),
      readFile(target).catch(() => undefined),
    ]);
    if (present?.equals(wanted) !== true) {
      await copyFile(source, target);
    }
  }
}
