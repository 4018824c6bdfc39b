/** Bodies that nobody honest sends: lawful ones with something else in them, and what is no JSON at all. */
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { jsonText } from './texts.ts';

const DEPTH = 60_000;

/** The fields that some call takes; every body draws from all of them. */
const FIELDS = [
  ...[
    'description',
    'embedding',
    'hypernet',
    'dtype',
    'precision',
    'strength',
    'unlisted',
    'wanted',
  ],
  ...[
    'requests',
    'name',
    'version',
    'digest',
    'rollback',
    'expected',
    'reason',
    'percent',
    'scopes',
  ],
  ...[
    'expires_in_days',
    'daily_adapters',
    'paths',
    'expand',
    '__proto__',
    'constructor',
    'toJSON',
    '',
  ],
];

const NUMBERS = [0, -0, 1, -1, 0.5, 8, 64, 1e21, -1e308, 5e-324, 2 ** 53, 2 ** 31, Number.NaN];

const value = fc.oneof(
  jsonText,
  fc.constantFrom(...NUMBERS),
  fc.double(),
  fc.constantFrom(null, true, false, [], {}),
  fc.array(fc.double(), { maxLength: 400 }),
  fc.array(jsonText, { maxLength: 70 }),
  fc.jsonValue({ maxDepth: 4 }),
);

/** An object of some fields, as text: a key may stand twice. */
const objectText = fc
  .array(fc.tuple(fc.oneof(fc.constantFrom(...FIELDS), jsonText), value), { maxLength: 6 })
  .map(
    (members) =>
      `{${members.map((pair) => pair.map((one) => JSON.stringify(one)).join(':')).join()}}`,
  );

/** What a call would take, and the same with one more field. */
const LAWFUL = [
  '{"description":"Reverse the list"}',
  '{"requests":[{"description":"Reverse the list"},{"description":7},{}]}',
  `{"name":"t2l-mini","version":"99.0.0","digest":"${'0'.repeat(64)}"}`,
  '{"version":"99.0.0"}',
  '{"rollback":true,"expected":null}',
  '{"version":"99.0.0","percent":10}',
  '{"reason":"It repeats itself."}',
  '{"name":"somebody","scopes":["read"]}',
  '{"paths":["README.md","..","\\u0000"],"expand":true}',
];
const nearlyLawful = fc
  .tuple(fc.constantFrom(...LAWFUL), fc.constantFrom(...FIELDS), value)
  .map(([text, field, other]) =>
    text.replace(/\}$/, `,${JSON.stringify(field)}:${JSON.stringify(other) ?? 'null'}}`),
  );

const NO_JSON = [
  ...['', '{', '{"description":"x"', '[]', 'null', '1', '"x"', '{"description":NaN}', '\ufeff{}'],
  ...[
    '{"strength":1e999}',
    '{"description":"\\ud800"}',
    '{"embedding":[1e999]}',
    "{'a':1}",
    '{}{}',
  ],
  `{"description":${'['.repeat(DEPTH)}${']'.repeat(DEPTH)}}`,
  `${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}`,
  `{"requests":[${'{},'.repeat(30_000)}{}]}`,
  `{"description":"${'x'.repeat(140_000)}"}`,
  `{"strength":${'9'.repeat(100_000)}}`,
  'description=x&paths=README.md&paths=..&expand=1',
];

/** A body. */
export const body: fc.Arbitrary<Buffer> = fc.oneof(
  { weight: 4, arbitrary: objectText.map((text) => Buffer.from(text)) },
  { weight: 3, arbitrary: nearlyLawful.map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.constantFrom(...LAWFUL).map((text) => Buffer.from(text)) },
  { weight: 2, arbitrary: fc.constantFrom(...NO_JSON).map((text) => Buffer.from(text)) },
  { weight: 1, arbitrary: fc.uint8Array({ maxLength: 300 }).map((bytes) => Buffer.from(bytes)) },
  { weight: 1, arbitrary: objectText.map((text) => gzipSync(text)) },
);
