/** Texts that are hard to take, as they stand in a path, a query, a header or a JSON string. */
import fc from 'fast-check';

/** Percent-encoded where a URL needs it: broken UTF-8, NUL, half a character, ways out of a folder. */
const IN_URLS = [
  ...[
    '%ff',
    '%c3%28',
    '%00',
    'a%00b',
    '%',
    '%zz',
    '%ed%a0%80',
    '%2e%2e%2f%2e%2e',
    '..',
    '.',
    '%20',
  ],
  ...['%0d%0ax:y', '%F0%9F%92%A9', "';--", '%22', '%5c', '*', '~', '+', '%2B', '%25', '%2525', ':'],
  ...['__proto__', 'constructor', 'toString', 'null', 'undefined', 'NaN', 'true', '0', '-1', '1e9'],
  ...['by-description', 'batch', 'main', 'refs%2Fheads%2Fmain', 't2l-mini@1', 'a'.repeat(8000)],
];

/** Values of headers: what they may hold, and what nobody sends. */
const IN_HEADERS = [
  ...[
    '',
    ' ',
    ',',
    ';',
    '=',
    '"',
    '*',
    '""',
    'W/"a"',
    '"a", "b"',
    'bytes=0-0',
    'bytes=-1',
    'bytes=5-',
  ],
  ...[
    'bytes=0-0,2-3',
    'bytes=9-1',
    'bytes=-0',
    'bytes=0-99999999999999999999',
    'bytes',
    'items=0-1',
  ],
  ...['Bearer', 'Bearer ', 'Bearer x', 'bearer t2l_x', 'Basic YTpi', 'Bearer \u00ff', 'Negotiate'],
  ...['application/json', 'application/json;charset=utf-16', 'text/html', 'a/b, c/d', '*/*;q=0'],
  ...['multipart/form-data', 'application/x-www-form-urlencoded', 'application/json, text/plain'],
  ...[
    'gzip',
    'br',
    'identity',
    'gzip, br',
    'null',
    'https://evil.example',
    'evil.example',
    '[::1]',
  ],
  ...['127.0.0.1', '::1', '1.2.3.4, 5.6.7.8', 'x'.repeat(4000), 'Thu, 01 Jan 1970 00:00:00 GMT'],
];

/** A piece of a path, or the value of a query parameter. */
export const urlText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...IN_URLS),
  fc.string({ unit: 'binary', maxLength: 20 }).map(percentEncoded),
  fc.uint8Array({ maxLength: 8 }).map((bytes) => [...bytes].map(percent).join('')),
  fc.stringMatching(/^[0-9a-fA-F]{0,70}$/),
  fc.integer().map(String),
);

/** The value of a header. */
export const headerText: fc.Arbitrary<string> = fc.oneof(
  fc.constantFrom(...IN_HEADERS),
  fc.stringMatching(/^[\x20-\x7e]{0,60}$/),
  fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
);

/** Text in JSON, half characters and NUL among it. */
export const jsonText: fc.Arbitrary<string> = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom('', ' ', '\u0000', '\ud800', 'a\udc00b', '\u202e', '\u200b', '\ufeff', '../x'),
  fc.constantFrom(
    't2l-mini',
    't2l-mini@99.0.0',
    '0'.repeat(64),
    'x'.repeat(2001),
    'e\u0301'.repeat(900),
  ),
  fc.constantFrom('Reverse the list', 'Sort the words', 'float16', 'int8', 'read', 'README.md'),
);

function percentEncoded(text: string): string {
  return [...Buffer.from(text)].map(percent).join('');
}

function percent(byte: number): string {
  return `%${byte.toString(16).padStart(2, '0')}`;
}
