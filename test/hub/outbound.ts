/**
 * What a Worker in the test harness fetches, the harness fetches in the process of the test, and there
 * redirects are followed, whatever the Worker asks for; workerd by itself leaves them alone.
 */

/** Leaves redirects of `origin` alone; gives a function that undoes it. */
export function leaveRedirectsAlone(origin: string): () => void {
  const following = globalThis.fetch;
  globalThis.fetch = (input, init) =>
    String(input).startsWith(origin)
      ? following(input, {
          method: init?.method ?? 'GET',
          headers: init?.headers ?? {},
          redirect: 'manual',
        })
      : following(input, init);
  return () => {
    globalThis.fetch = following;
  };
}
