/**
 * The map of a hypernetwork's training tasks, as training draws it at export (`python -m t2l map`): tasks
 * with like descriptions lie together. It is a file beside the bundles that ship; another hypernetwork has
 * none. A new description is put where the training tasks closest to it lie.
 */
import * as z from 'zod';
import files from '../assets/maps/index.json' with { type: 'json' };

/** The maps that there are, by the digest of the manifest. */
const FILES: Readonly<Record<string, string>> = files;
/** How steeply a closer task outweighs another: places of tasks that are not kin lie far apart. */
const STEEPNESS = 24;
/** What the least similar counts for, so that a task without kin has a place too. */
const LEAST = 0.01;

const placedTaskSchema = z.tuple([z.string(), z.number(), z.number()]);
const taskMapSchema = z.object({
  digest: z.string(),
  side: z.number().positive(),
  tasks: z.array(placedTaskSchema),
});

/** A training task and its place: name, x and y, from 0 to `side`. */
export type PlacedTask = z.infer<typeof placedTaskSchema>;

/** The file; `digest` is that of the manifest that it was drawn for. */
export type TaskMap = z.infer<typeof taskMapSchema>;

/** A place on the map. */
export interface Place {
  readonly x: number;
  readonly y: number;
}

/** The map of a hypernetwork; null where it has none, or the endpoint has another file in its place. */
export async function readTaskMap(digest: string): Promise<TaskMap | null> {
  const name = FILES[digest];
  const response = name === undefined ? undefined : await fetch(`/maps/${name}`);
  if (!response?.ok) {
    return null;
  }
  const map = taskMapSchema.parse(await response.json());
  return map.digest === digest ? map : null;
}

/** Where a description lies: between its closest training tasks; undefined if the map has none. */
export function placeOf(
  map: TaskMap,
  nearest: readonly { readonly task: string; readonly similarity: number }[],
): Place | undefined {
  const places = new Map(map.tasks.map(([task, x, y]) => [task, { x, y }]));
  let [weight, x, y] = [0, 0, 0];
  for (const { task, similarity } of nearest) {
    const place = places.get(task);
    if (place !== undefined) {
      const own = Math.max(similarity, LEAST) ** STEEPNESS;
      [weight, x, y] = [weight + own, x + own * place.x, y + own * place.y];
    }
  }
  return weight === 0 ? undefined : { x: x / weight, y: y / weight };
}

/** The training task closest to a place on the map, if it is within reach. */
export function taskAt(map: TaskMap, { x, y }: Place, reach: number): string | undefined {
  let [best, found] = [reach ** 2, undefined as string | undefined];
  for (const [task, ownX, ownY] of map.tasks) {
    const distance = (ownX - x) ** 2 + (ownY - y) ** 2;
    if (distance <= best) {
      [best, found] = [distance, task];
    }
  }
  return found;
}

/** Every task as a dot of one path: thousands of elements would make a slow page. */
export function dotsOf(tasks: readonly PlacedTask[]): string {
  return tasks.map(([, x, y]) => `M${x} ${y}h0`).join('');
}
