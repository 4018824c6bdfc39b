/**
 * What a token lets its bearer do. Each scope has those before it: who may make adapters may read them.
 *
 *   read       read adapters, and list and search them
 *   generate   have adapters made
 *   admin      the administrative calls
 */
export const SCOPES = ['read', 'generate', 'admin'] as const;

export type Scope = (typeof SCOPES)[number];

/** Whether a token of these scopes may do what needs `wanted`. */
export function allows(granted: readonly Scope[], wanted: Scope): boolean {
  return granted.some((scope) => SCOPES.indexOf(scope) >= SCOPES.indexOf(wanted));
}
