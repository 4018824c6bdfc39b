import { readFile } from 'node:fs/promises';
import { expect, test } from 'vitest';
import { canonicalBytes, isCanonical } from '../../scripts/release/canonical.ts';
import { readBundleFolder } from '../../scripts/release/folder.ts';
import { miniBundleFolder } from './bundle-copy.ts';

function canonical(text: string): string {
  return new TextDecoder().decode(canonicalBytes(new TextEncoder().encode(text)));
}

test('keys are sorted at every level and white space goes', () => {
  expect(canonical('{"b": [ {"z": 1, "a": null} ], "a": true}\n')).toBe(
    '{"a":true,"b":[{"a":null,"z":1}]}',
  );
});

test('keys are sorted by code point, as Python sorts them', () => {
  // In UTF-16 the emoji, a surrogate pair, would come before the private-use character.
  expect(canonical('{"\u{1f600}":1,"\ue000":2,"ab":3,"a":4}')).toBe(
    '{"a":4,"ab":3,"\ue000":2,"\u{1f600}":1}',
  );
});

test('numbers keep the text they have', () => {
  const text = '{"a":1e-05,"b":1.0,"c":12345678901234567890,"d":-0.0}';
  expect(canonical(text)).toBe(text);
});

test('only escapes that JSON demands are kept', () => {
  expect(canonical('["\\u00e9\\u0041\\/","\\u001f\\n\\"\\\\"]')).toBe(
    '["éA/","\\u001f\\n\\"\\\\"]',
  );
});

test('a manifest written by the exporter is canonical, and no longer when one byte is added', async () => {
  const folder = await readBundleFolder(await miniBundleFolder());
  const manifest = new Uint8Array(await readFile(folder.files.at(-1)?.path ?? ''));
  expect(isCanonical(manifest)).toBe(true);
  expect(isCanonical(new Uint8Array([...manifest, 0x0a]))).toBe(false);
});

test('bytes that are no JSON in UTF-8 are refused', () => {
  expect(() => canonicalBytes(new Uint8Array([0x22, 0xff, 0x22]))).toThrow(TypeError);
  expect(() => canonicalBytes(new TextEncoder().encode('{"a":1,}'))).toThrow(SyntaxError);
});
