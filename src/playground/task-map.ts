/**
 * The map of a hypernetwork's training tasks, as training draws it at export (`python -m t2l map`): tasks
 * with like descriptions lie together. It is a file beside the bundles that ship, gzipped; another
 * hypernetwork has none. A new description is put where the training tasks closest to it lie.
 */
import * as z from 'zod';

/** Where training puts the maps, and the list of them by the digest of the manifest. */
const FOLDER = '/maps';
const INDEX = `${FOLDER}/index.json`;
/** How steeply a closer task outweighs another: places of tasks that are not kin lie far apart. */
const STEEPNESS = 24;
/** What the least similar counts for, so that a task without kin has a place too. */
const LEAST = 0.01;

const filesSchema = z.record(z.string(), z.string());
const placedTaskSchema = z.tuple([z.string(), z.number(), z.number()]);
const taskMapSchema = z.object({
  digest: z.string(),
  side: z.number().positive(),
  tasks: z.array(placedTaskSchema),
  /** What training said of each; maps of earlier releases have none. */
  descriptions: z.array(z.string()).optional(),
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
  const name = filesSchema.parse(await (await read(INDEX)).json())[digest];
  if (name === undefined) {
    return null;
  }
  const packed = (await read(`${FOLDER}/${name}`)).body?.pipeThrough(
    new DecompressionStream('gzip'),
  );
  const map = taskMapSchema.parse(await new Response(packed ?? null).json());
  return map.digest === digest ? map : null;
}

async function read(path: string): Promise<Response> {
  const response = await fetch(path);
  if (!response.ok) {
    throw new Error(`${path} answers ${response.status}`);
  }
  return response;
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
