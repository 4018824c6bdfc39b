import { expect, test } from 'vitest';
import { normaliseDescription } from '../src/description.ts';

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
