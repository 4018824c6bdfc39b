/**
 * Names of the Hugging Face Hub as this endpoint gives them out. Every adapter and every hypernetwork
 * is a repository of one namespace: an adapter by its id, a hypernetwork by its name. A commit is 40
 * hex digits, because clients take nothing else for immutable; both ids and digests are sha256, so
 * their first 40 digits stand for them.
 */

/** The owner of all adapters and hypernetworks. */
export const NAMESPACE = 't2l';

const COMMIT_DIGITS = 40;

/** The repository of an adapter or a hypernetwork. */
export function repositoryOf(idOrName: string): string {
  return `${NAMESPACE}/${idOrName}`;
}

/** The commit that stands for an adapter id or the digest of a bundle. */
export function commitOf(hash: string): string {
  return hash.slice(0, COMMIT_DIGITS);
}
