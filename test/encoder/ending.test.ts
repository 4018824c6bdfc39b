import { expect, test } from 'vitest';
import { encoderText } from '../../src/encoder/index.ts';
import { smallManifest } from '../fixtures/manifest.ts';

const { encoder } = smallManifest();
const ended = { ...encoder, template: 'task: {description}', ending: 'full-stop' } as const;

test.each([
  ['Reverse the list', 'task: Reverse the list.'],
  ['Réponds à l’été', 'task: Réponds à l’été.'],
  ['リストを逆に', 'task: リストを逆に.'],
  ['Reverse 𝒜', 'task: Reverse 𝒜.'],
  ['Reverse the list.', 'task: Reverse the list.'],
  ['Is it so?', 'task: Is it so?'],
  ['Count to 10', 'task: Count to 10'],
  ['Say "yes"', 'task: Say "yes"'],
])('%s becomes %s', (description, text) => {
  expect(encoderText(ended, description)).toBe(text);
});

test('without an ending the description is left as it is', () => {
  expect(encoderText(encoder, 'Reverse the list')).toBe('Reverse the list');
});

test('a description is put into every place of the template, and is no pattern', () => {
  const twice = { ...encoder, template: '{description} / {description}' };
  expect(encoderText(twice, "$& and $'")).toBe("$& and $' / $& and $'");
});
