import { expect, test } from 'vitest';
import { normaliseDescription, recordedForm } from '../../src/contract/description.ts';

test('white space outside is dropped and inside is one space', () => {
  expect(normaliseDescription('  Reverse \n\t the\u00a0list \u2003 now ')).toBe(
    'Reverse the list now',
  );
});

test('composed and decomposed letters are the same description', () => {
  expect(normaliseDescription('cafe\u0301')).toBe(normaliseDescription('caf\u00e9'));
  expect(normaliseDescription('cafe\u0301')).toBe('caf\u00e9');
});

test('case and punctuation are kept', () => {
  expect(normaliseDescription('Say "A", not a!')).toBe('Say "A", not a!');
});

test('normalising twice changes nothing', () => {
  const once = normaliseDescription(' A\u030a \u00a0 \u1100\u1161  b ');
  expect(normaliseDescription(once)).toBe(once);
});

test('what nobody sees makes no other description', () => {
  const seen = 'Reverse the list';
  for (const hidden of [
    'Reverse\u200b the\u200d list\ufeff',
    '\u202eReverse the list\u202c',
    '\u2066Reverse the list\u2069\u200f',
    'Re\u00adverse the list',
    'Reverse the list\u{e0049}\u{e0067}\u{e007f}',
    'Reverse\u180e \u2060the\ufe0f list',
  ]) {
    expect(normaliseDescription(hidden)).toBe(seen);
  }
  expect(normaliseDescription('cafe\u200d\u0301')).toBe('caf\u00e9');
});

test('a description of nothing that can be seen is empty', () => {
  for (const nothing of ['\u200b', ' \u2060\u3164 ', '\u2800\u2800', '\u{e0041}', '\u202e\u202c']) {
    expect(normaliseDescription(nothing)).toBe('');
  }
});

test('what was recorded before is hashed as it was recorded', () => {
  const recorded = 'Reverse\u200b the \u202elist';
  expect(recordedForm(recorded)).toBe(recorded);
  expect(recordedForm(normaliseDescription(recorded))).toBe('Reverse the list');
});
