/**
 * Training tasks as sentences: the one that training was told, which the map has. Without a map there is
 * the task's name, a chain of steps on one kind of list such as `words/sort+join:-`: its steps in plain
 * words are not far from it for any encoder of sentences.
 */
import { readTaskMap } from './task-map.ts';

/** A description of a training task of the hypernetwork that has the digest. */
export async function descriptionOf(digest: string | undefined, task: string): Promise<string> {
  const map = digest === undefined ? null : await readTaskMap(digest).catch(() => null);
  const at = map?.tasks.findIndex(([name]) => name === task) ?? -1;
  return map?.descriptions?.[at] ?? sentenceOf(task);
}

/** The words of a task's name, such as "Words: sort, then join -." */
export function sentenceOf(task: string): string {
  const slash = task.indexOf('/');
  const kind = task.slice(0, Math.max(slash, 0));
  const steps = task
    .slice(slash + 1)
    .split('+')
    .map((step) => step.replace(':', ' ').replaceAll('_', ' ').trim())
    .filter((step) => step !== '');
  const text = `${kind === '' ? '' : `${kind}: `}${steps.join(', then ')}`;
  return `${text.charAt(0).toUpperCase()}${text.slice(1)}.`;
}
