/**
 * The SDK of the package: `sdk.js`, one module for browsers, Workers and Node.js, and `sdk.d.ts`.
 *
 * Of the sources, the bundle takes what the SDK uses: a module of src does nothing by being imported,
 * which lets esbuild drop those whose exports nobody calls.
 */
import { join } from 'node:path';
import { build, type Plugin } from 'esbuild';
import { ROOT } from '../environment.ts';
import { writeDeclarations } from './declarations.ts';

/** Writes the SDK and its declarations into a folder. */
export async function buildSdk(out: string): Promise<void> {
  await build({
    entryPoints: [join(ROOT, 'src/sdk/index.ts')],
    outfile: join(out, 'sdk.js'),
    bundle: true,
    format: 'esm',
    // Node.js 20 and the browsers of its day.
    target: 'es2022',
    // Whitespace and names stay readable; what cannot run goes.
    minifySyntax: true,
    legalComments: 'inline',
    plugins: [pureSources],
    logLevel: 'warning',
  });
  await writeDeclarations(out, 'sdk');
}

/** Drops modules of ours that nothing is used of. */
export const pureSources: Plugin = {
  name: 'pure-sources',
  setup(builder) {
    builder.onResolve({ filter: /^\.{1,2}\// }, async ({ path, pluginData, ...where }) => {
      if (pluginData === pureSources || where.importer.includes('node_modules')) {
        return undefined;
      }
      const resolved = await builder.resolve(path, { ...where, pluginData: pureSources });
      return { ...resolved, sideEffects: false };
    });
  },
};
