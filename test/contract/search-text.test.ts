import { expect, test } from 'vitest';
import { searchText, soughtText } from '../../src/contract/search-text.ts';

test.each([
  ['composed and decomposed accents', 'Cafe\u0301 au lait', 'caf\u00e9'],
  ['several spaces', 'Reverse the list', 'reverse \u00a0 the'],
  ['the sigma at the end of a word', 'ΟΔΟΣΗΜΑΝΣΗ', 'ΟΔΟΣ'],
  ['the same in lower case', 'οδοσημανση', 'οδος'],
  ['sharp s', 'Straße', 'STRASSE'],
  ['the other capital of sharp s', 'STRAẞE', 'strasse'],
  ['the dotted capital i', 'İSTANBUL', 'i\u0307stanbul'],
  ['the micro sign', '5 µm', '5 ΜM'],
  ['a ligature', 'ﬁnd it', 'FIND'],
  ['what nobody sees', 'Re\u200bverse', 'reverse'],
])('a search finds through %s', (_name, stored, asked) => {
  expect(searchText(stored)).toContain(searchText(asked));
});

test('a search for nothing narrows nothing', () => {
  expect([undefined, '', ' \u200b '].map(soughtText)).toEqual([undefined, undefined, undefined]);
});
