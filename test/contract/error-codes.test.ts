import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { ERROR_CODES, type ErrorCode, isErrorCode } from '../../src/contract/error-codes.ts';
import { blamingBundlesOn, T2lError } from '../../src/contract/errors.ts';
import { openApi, operationsOf } from '../api/openapi.ts';

const SOURCES = join(import.meta.dirname, '../../src');

/** `new T2lError('code', ... { status: 500`. */
const NAMED_STATUS = /new T2lError\(\s*'([a-z0-9_]+)',[^;]*?\bstatus: (\d+)/g;

/** Programs of ours that are no part of the endpoint; their errors reach nobody over HTTP. */
const PROGRAMS = /^(cli|local|playground|publish|sdk|browser)\//;
/** Codes that any path may answer with, and those of tools that read files from disk. */
const GENERAL: readonly ErrorCode[] = [
  'route_unknown',
  'method_not_allowed',
  'safetensors_invalid',
  'signing_key_invalid',
  'base_model_invalid',
];

test('an error that names a status names one of its code', async () => {
  let found = 0;
  for (const [name, source] of await sources()) {
    for (const [, code = '', status] of source.matchAll(NAMED_STATUS)) {
      found++;
      const statuses: readonly number[] = isErrorCode(code) ? ERROR_CODES[code][0] : [];
      expect(statuses, `${name}: ${code}`).toContain(Number(status));
    }
  }
  expect(found).toBeGreaterThan(1);
});

test('an error keeps what it came from, and shows it in no answer', async () => {
  const cause = new Error('disk full');
  const error = new T2lError('internal_error', 'It failed.', { cause });
  expect(error.cause).toBe(cause);
  expect(error.status).toBe(500);
  await expect(
    blamingBundlesOn('endpoint', () =>
      Promise.reject(new T2lError('bundle_digest_mismatch', 'Not the one.', { cause })),
    ),
  ).rejects.toMatchObject({ status: 500, cause: { status: 422, cause } });
});

test('every error that the endpoint throws is described, at its status', async () => {
  const document = openApi(createApp());
  const codes = await codesOfTheEndpoint();
  expect(codes.length).toBeGreaterThan(50);
  for (const code of codes) {
    const described = operationsOf(document)
      .flatMap(({ responses }) => Object.entries(responses))
      .filter(([, response]) => JSON.stringify(response).includes(`"${code}"`))
      .map(([status]) => Number(status));
    if (!GENERAL.includes(code)) {
      expect([code, [...new Set(described)].sort()]).toEqual([
        code,
        [...ERROR_CODES[code][0]].sort(),
      ]);
    }
  }
});

/** Every code that the sources of the endpoint name. */
async function codesOfTheEndpoint(): Promise<readonly ErrorCode[]> {
  const endpoint = (await sources()).filter(([name]) => !PROGRAMS.test(name));
  const text = endpoint.map(([, source]) => source).join('\n');
  return Object.keys(ERROR_CODES)
    .filter(isErrorCode)
    .filter((code) => text.includes(`'${code}'`));
}

/** Name and text of every source. */
async function sources(): Promise<readonly (readonly [string, string])[]> {
  const names = await readdir(SOURCES, { recursive: true });
  return Promise.all(
    names
      .filter((name) => name.endsWith('.ts'))
      .map(async (name) => [name, await readFile(join(SOURCES, name), 'utf8')] as const),
  );
}
