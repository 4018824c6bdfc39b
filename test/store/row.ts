/** A complete adapter row for tests of the store. */
import { searchText } from '../../src/contract/search-text.ts';
import type { AdapterRow } from '../../src/store/schema.ts';

/** A row with the given members and lawful values for the others. */
export function adapterRow(given: Partial<AdapterRow> & { id: string }): AdapterRow {
  const description = given.description === undefined ? 'Reverse the list' : given.description;
  return {
    createdAt: 1_700_000_000_000,
    hypernetName: 't2l-mini',
    hypernetVersion: '1.0.0',
    hypernetDigest: 'd'.repeat(64),
    baseModel: 't2l-edge/t2l-mini-base',
    description,
    searchText: description === null ? null : searchText(description),
    unlistedText: null,
    unlisted: false,
    embedding: Float32Array.of(0.1, -0.2, 1e-30, 3e38),
    precision: 'int8',
    dtype: 'float16',
    strength: 1,
    output: 'lora',
    rank: 8,
    targetModules: ['q_proj', 'v_proj'],
    parameters: 36864,
    files: [{ name: 'README.md', contentType: 'text/markdown', bytes: 3, sha256: 'e'.repeat(64) }],
    fit: {
      score: 0.9,
      verdict: 'good',
      reason: null,
      nearest: [{ task: 'reverse the list', similarity: 0.9 }],
    },
    norms: { q_proj: [1, 2], v_proj: [0.5, 0.25] },
    timings: { run: 4 },
    ...given,
  };
}

/** 64 hex digits that begin so. */
export function idOf(prefix: string): string {
  return prefix.padEnd(64, '0');
}
