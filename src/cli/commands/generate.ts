/** `t2l generate` and `t2l get`: an adapter's files in a folder. */
import { relative } from 'node:path';
import type { AdapterDocument } from '../../sdk/index.ts';
import { readLayout } from '../adapter-files.ts';
import { fitRows, fitWarning } from '../fit.ts';
import { checkPlace, type FolderRecord, writeFolder } from '../folder.ts';
import type { Context, Layout, RecipeOptions, WantedOptions } from '../options.ts';
import { pairs, size } from '../output.ts';
import { readRecipe } from '../recipe.ts';
import { openService, type Service } from '../service.ts';

/** Where and how to write. */
interface FolderOptions {
  readonly out?: string;
  readonly force?: boolean;
  readonly layout?: Layout;
}

/** Makes an adapter, or finds it, and writes its folder. */
export async function generate(
  description: string | undefined,
  options: RecipeOptions & WantedOptions & FolderOptions,
  context: Context,
): Promise<void> {
  const recipe = await readRecipe(description, options, context.signal);
  if (options.out !== undefined) {
    await checkPlace(options.out, options.force === true);
  }
  const service = await openService(context.options);
  context.output.progress('generating');
  const document = await service.generate(recipe, { signal: context.signal });
  await writeAdapter(service, document, options, context);
  const warning = fitWarning(document.fit);
  if (warning !== undefined) {
    context.output.warn(warning);
  }
  for (const { text } of document.warnings) {
    context.output.warn(text);
  }
}

/** Writes the folder of an adapter that exists. */
export async function get(id: string, options: FolderOptions, context: Context): Promise<void> {
  if (options.out !== undefined) {
    await checkPlace(options.out, options.force === true);
  }
  const service = await openService(context.options);
  const document = await service.adapter(id, { signal: context.signal });
  await writeAdapter(service, document, options, context);
}

async function writeAdapter(
  service: Service,
  document: AdapterDocument,
  { out, force, layout = 'peft' }: FolderOptions,
  { output, signal }: Context,
): Promise<void> {
  const files = await readLayout(service, document, layout, signal);
  const { path, written } = await writeFolder(
    out ?? `t2l-${document.id.slice(0, 12)}`,
    { document, layout, files },
    { force: force === true, signal },
  );
  output.result({ id: document.id, out: path, layout, files: written, adapter: document }, () =>
    pairs([
      ['id', document.id],
      ...fitRows(document.fit, output),
      ['files', `${describe(written)}, ${layout}`],
      ['out', relative(process.cwd(), path) || '.'],
    ]),
  );
}

function describe(written: FolderRecord['written']): string {
  const all = Object.values(written);
  const total = all.reduce((sum, { bytes }) => sum + bytes, 0);
  return `${all.length === 1 ? '1 file' : `${all.length} files`}, ${size(total)}`;
}
