import { expect, test } from 'vitest';
import { etagOf, matchAllows, noneMatchNames, parseRange } from '../../src/api/range.ts';
import { decodeCursor, encodeCursor } from '../../src/contract/cursor.ts';

const etag = etagOf('abc');

test.each<[string, number, { offset: number; length: number }]>([
  ['bytes=0-', 10, { offset: 0, length: 10 }],
  ['bytes=9-', 10, { offset: 9, length: 1 }],
  ['bytes=0-9', 10, { offset: 0, length: 10 }],
  ['bytes=3-100', 10, { offset: 3, length: 7 }],
  ['bytes=-3', 10, { offset: 7, length: 3 }],
  ['bytes=-11', 10, { offset: 0, length: 10 }],
  ['BYTES = 1-2', 10, { offset: 1, length: 2 }],
])('%s of %i bytes', (header, size, range) => {
  expect(parseRange(header, undefined, etag, size)).toEqual(range);
});

test.each([['bytes=0-'], ['bytes=-1'], ['bytes=0-0']])('%s of an empty file', (header) => {
  expect(() => parseRange(header, undefined, etag, 0)).toThrow('range_unsatisfiable');
});

test('tags compare as RFC 9110 says', () => {
  expect(noneMatchNames(undefined, etag)).toBe(false);
  expect(noneMatchNames('W/"abc"', etag)).toBe(true);
  expect(noneMatchNames('abc', etag)).toBe(false);
  expect(matchAllows(undefined, etag)).toBe(true);
  expect(matchAllows('W/"abc"', etag)).toBe(false);
  expect(matchAllows('"x", "abc"', etag)).toBe(true);
  expect(matchAllows('*', etag)).toBe(true);
});

test('a cursor is safe in a URL and comes back as it was', () => {
  const position = { createdAt: 1_795_000_000_123, id: 'f0'.repeat(32) };
  const cursor = encodeCursor(position);
  expect(cursor).toMatch(/^[A-Za-z0-9_-]+$/);
  expect(decodeCursor(cursor)).toEqual(position);
  expect(decodeCursor(`${cursor}x`)).toBeUndefined();
});
