/**
 * How to load an adapter elsewhere. Its model card says so for each program that can run it, so the page
 * takes the blocks of code from there: one place knows which programs run what, and how.
 */

/** Lines to paste. */
export interface Recipe {
  readonly title: string;
  readonly code: string;
}

/** Where cards, which are read far from their endpoint, leave a gap. */
const PLACEHOLDER = 'https://your-endpoint';
const SECTION = /^### (.+)$/;
const FENCE = /^```/;

/** The blocks of code of a card, each under its heading, with the endpoint filled in. */
export function recipesOf(card: string, endpoint: string): readonly Recipe[] {
  const recipes: Recipe[] = [];
  let title: string | undefined;
  let code: string[] | undefined;
  for (const line of card.split('\n')) {
    if (code === undefined) {
      title = SECTION.exec(line)?.[1] ?? (/^#{1,2} /.test(line) ? undefined : title);
      code = FENCE.test(line) && title !== undefined ? [] : undefined;
    } else if (FENCE.test(line)) {
      const text = code.join('\n').replaceAll(PLACEHOLDER, endpoint);
      recipes.push({ title: title ?? '', code: text });
      code = undefined;
    } else {
      code.push(line);
    }
  }
  return recipes;
}
