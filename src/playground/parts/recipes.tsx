/** How to load an adapter in other programs: the lines of its card. */
import { useEffect, useState } from 'preact/hooks';
import type { AdapterDocument } from '../../sdk/index.ts';
import { client, ENDPOINT } from '../client.ts';
import { type Failure, failureOf } from '../failure.ts';
import { type Recipe, recipesOf } from '../recipes.ts';
import { Lines } from './copy.tsx';
import { FailureNote } from './failure.tsx';

const CARD = 'README.md';

/** A list of programs; one opens at a time, as they share a name. */
export function Recipes({ adapter }: { adapter: AdapterDocument }) {
  const [recipes, setRecipes] = useState<readonly Recipe[]>([]);
  const [failure, setFailure] = useState<Failure>();
  const { id, card } = adapter;

  useEffect(() => {
    let current = true;
    if (card !== undefined) {
      client.download(adapter, CARD).then(
        (bytes) => current && setRecipes(recipesOf(new TextDecoder().decode(bytes), ENDPOINT)),
        (error) => current && setFailure(failureOf(error, navigator.onLine)),
      );
    }
    return () => {
      current = false;
    };
  }, [id]);

  if (card === undefined) {
    return <p class="detail">The bundle that made this adapter is gone, and its card with it.</p>;
  }
  return (
    <div class="list">
      <FailureNote failure={failure} />
      {recipes.map(({ title, code }) => (
        <details key={title} name="recipes">
          <summary>{title}</summary>
          <Lines name={`${title} lines`} text={code} />
        </details>
      ))}
    </div>
  );
}
