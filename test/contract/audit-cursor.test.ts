import { expect, test } from 'vitest';
import {
  AUDIT_CURSOR,
  type AuditPlace,
  decodeAuditPlace,
  encodeAuditPlace,
} from '../../src/contract/audit-cursor.ts';

const HEX = '0123456789abcdef'.repeat(4);

test('every place comes back from its text', () => {
  const places: AuditPlace[] = [
    { part: 'adapters' },
    { part: 'adapters', after: { createdAt: 1_700_000_000_000, id: HEX } },
    { part: 'bundles' },
    { part: 'bundles', after: HEX },
  ];
  for (const place of places) {
    const text = encodeAuditPlace(place);
    expect(text).toMatch(AUDIT_CURSOR);
    expect(decodeAuditPlace(text)).toEqual(place);
  }
});

test('a text that is none of ours is no place', () => {
  for (const text of ['', 'rows', 'adapters.', 'adapters.x', `adapters.${HEX}`, 'bundles.ab']) {
    expect([text, decodeAuditPlace(text)]).toEqual([text, undefined]);
  }
});
