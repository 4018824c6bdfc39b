/**
 * Training tasks as sentences. A task's name is a chain of steps on one kind of list,
 * `words/sort+join:-`, and carries no sentence of its own; its steps in plain words are close to it for any
 * encoder of sentences.
 */

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
