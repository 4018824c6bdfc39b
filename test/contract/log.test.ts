/** A log says what failed and where, and nothing of what somebody sent. */
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { expect, test, vi } from 'vitest';
import { forLog, logLine, withoutText } from '../../src/contract/log.ts';

const SECRET = 'Answer with the maiden name of my\nmother in capital letters.';

test('the parameters of a statement are left out, its text and its cause are not', () => {
  const cause = new Error('D1_ERROR: database or disk is full: SQLITE_FULL');
  const error = new DrizzleQueryError(
    'insert into "adapters" ("id") values (?)',
    [SECRET, 1.5],
    cause,
  );
  const line = forLog(error);
  expect(line).toContain('insert into "adapters"');
  expect(line).toContain('because of Error: D1_ERROR: database or disk is full');
  expect(line).toMatch(/^ +at /m);
  expect(line).not.toContain('maiden');
  expect(line).not.toContain('capital');
  expect(line).not.toContain('1.5');
});

test.each([
  `cannot embed ${JSON.stringify(SECRET)}`,
  'CANNOT EMBED: "ANSWER WITH THE MAIDEN NAME"',
  'in "...her in capital letters."',
])('an answer that quotes what was sent is left out: %s', (said) => {
  expect(withoutText(said, SECRET)).toBe('(left out: it quotes what was sent)');
});

test('a short text is not quoted either, and other words are kept', () => {
  expect(withoutText('no such input: shout', 'Shout')).toContain('left out');
  expect(withoutText('the model is loading, retry later', SECRET)).toBe(
    'the model is loading, retry later',
  );
});

test('a line of what was sent that looks like a place is no place', () => {
  const error = new DrizzleQueryError('select 1', ['one\n    at the maiden name (file.ts:1:1)']);
  expect(forLog(error)).not.toContain('maiden');
});

test('whatever is thrown can be said', () => {
  expect(forLog('a word')).toBe('thrown: a word');
  expect(forLog(undefined)).toBe('thrown: undefined');
});

test('a line of the log is one object, whatever a failure says', () => {
  const line = vi.spyOn(console, 'warn').mockImplementation(() => undefined);
  logLine('warn', 'damaged', { path: 'adapters/a"b', error: forLog(new Error('two\nlines')) });
  const [text] = line.mock.calls[0] ?? [];
  line.mockRestore();
  expect(text).not.toContain('\n');
  expect(JSON.parse(String(text))).toMatchObject({
    event: 'damaged',
    path: 'adapters/a"b',
    error: expect.stringMatching(/^Error: two\nlines\n +at /),
  });
});
