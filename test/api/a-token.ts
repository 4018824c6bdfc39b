/** The row of a token, for tests that need one without an endpoint. */
import type { TokenRow } from '../../src/store/schema.ts';

/** A token that may do everything but administration, but for what is given. */
export function aToken(given: Partial<TokenRow> = {}): TokenRow {
  return {
    id: '0f1e2d3c4b5a6978',
    hash: '0'.repeat(64),
    name: 'somebody',
    scopes: ['read', 'generate'],
    dailyAdapters: null,
    createdAt: 0,
    expiresAt: null,
    revokedAt: null,
    ...given,
  };
}
