/**
 * The hypernetwork in the browser: `browser.js`, one module, and `browser.d.ts`. ONNX Runtime stays
 * outside, as a peer dependency: a page may have it already, and the package does not grow by it.
 */
import { join } from 'node:path';
import { build } from 'esbuild';
import { ROOT } from '../environment.ts';
import { writeDeclarations } from './declarations.ts';
import { pureSources } from './sdk.ts';

/** Writes the module and its declarations into a folder. */
export async function buildBrowser(out: string): Promise<void> {
  await build({
    entryPoints: [join(ROOT, 'src/browser/index.ts')],
    outfile: join(out, 'browser.js'),
    bundle: true,
    format: 'esm',
    // Also the condition by which package.json picks the browser's way to start ONNX Runtime.
    platform: 'browser',
    target: 'es2022',
    external: ['onnxruntime-web/*'],
    minifySyntax: true,
    legalComments: 'inline',
    plugins: [pureSources],
    logLevel: 'warning',
  });
  await writeDeclarations(out, 'browser');
}
