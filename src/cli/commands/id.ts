/** `t2l id`: the id that an adapter has or would have. Nothing is encoded, so no runtime is loaded. */
import type { Context, RecipeOptions } from '../options.ts';
import { readRecipe } from '../recipe.ts';
import { openService } from '../service.ts';

/** Prints the id of the adapter that the options determine. */
export async function id(
  description: string | undefined,
  options: RecipeOptions,
  context: Context,
): Promise<void> {
  const recipe = await readRecipe(description, options, context.signal);
  const service = await openService(context.options);
  const value = await service.adapterId(recipe, { signal: context.signal });
  context.output.result({ id: value }, () => [value]);
}
