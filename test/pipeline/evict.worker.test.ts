/** What is over the budget goes, what is used least first; rows stay but for those that nobody wants. */
import { env } from 'cloudflare:test';
import { beforeEach, expect, test } from 'vitest';
import { budgetOf } from '../../src/api/scheduled.ts';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { auditSlice } from '../../src/pipeline/audit.ts';
import type { PipelineEffects } from '../../src/pipeline/effects.ts';
import { evict, expire, trim } from '../../src/pipeline/evict.ts';
import { adapterStore } from '../../src/store/adapters.ts';
import { blobStore } from '../../src/store/blobs.ts';
import { fileCache } from '../../src/store/file-cache.ts';
import { layoutStore } from '../../src/store/layouts.ts';
import { tracked } from '../../src/store/tracked.ts';
import { useStore } from '../../src/store/uses.ts';
import { adapterRow, idOf } from '../store/row.ts';

const AT = Date.UTC(2026, 7, 31, 12);
const DAY_MS = 86_400_000;
const uses = useStore(env.DB);
const adapters = adapterStore(env.DB);
const effects = {
  adapters,
  blobs: blobStore(env.ADAPTERS),
  cache: fileCache({ later: () => undefined, isThere: async () => true }),
  layouts: layoutStore(env.DB),
  now: () => AT,
};

beforeEach(async () => {
  await env.DB.batch([env.DB.prepare('DELETE FROM uses'), env.DB.prepare('DELETE FROM adapters')]);
  const { objects } = await env.ADAPTERS.list();
  await env.ADAPTERS.delete(objects.map(({ key }) => key));
});

/** An adapter of 100 bytes in R2, used so many days ago. */
async function stored(prefix: string, daysAgo: number, madeBy = 'somebody'): Promise<string> {
  const id = idOf(prefix);
  const files = ['adapter_model.safetensors', 'adapter_config.json'].map((name) => ({
    name,
    contentType: 'application/octet-stream',
    bytes: 50,
    sha256: 'e'.repeat(64),
  }));
  await adapters.insert(adapterRow({ id, files }));
  await env.ADAPTERS.put(`adapters/${id}/adapter_model.safetensors`, 'w'.repeat(90));
  await env.ADAPTERS.put(`adapters/${id}/adapter_config.json`, 'c'.repeat(10));
  const day = new Date(AT - daysAgo * DAY_MS).toISOString().slice(0, 10);
  await uses.stored(id, 100, madeBy, day);
  return id;
}

async function inBucket(): Promise<string[]> {
  const { objects } = await env.ADAPTERS.list();
  return [...new Set(objects.map(({ key }) => key.split('/')[1] ?? ''))].sort();
}

test('nothing goes within the budget', async () => {
  await stored('a', 400);
  expect(await evict(100, uses, effects)).toEqual({
    evicted: 0,
    freed_bytes: 0,
    stored_bytes: 100,
  });
  expect(await inBucket()).toEqual([idOf('a')]);
});

test('over it, files go in the order in which they were last used, and their rows stay', async () => {
  const ids = await Promise.all(
    ['a', 'b', 'c', 'd', 'e'].map((id, place) => stored(id, 10 - place)),
  );
  await uses.used(idOf('a'), '2026-08-31');
  const report = await evict(400, uses, effects);
  // Down to nine tenths of it.
  expect(report).toEqual({ evicted: 2, freed_bytes: 200, stored_bytes: 300 });
  expect(await inBucket()).toEqual([idOf('a'), idOf('d'), idOf('e')]);
  expect(await adapters.existing(ids)).toEqual(new Set(ids));
  expect((await uses.sums()).bytes).toBe(300);
});

test('what is made again counts again, and is no longer the first to go', async () => {
  await stored('a', 9);
  await stored('b', 5);
  await evict(120, uses, effects);
  expect(await inBucket()).toEqual([idOf('b')]);
  await stored('a', 0);
  expect((await uses.sums()).bytes).toBe(200);
  await evict(120, uses, effects);
  expect(await inBucket()).toEqual([idOf('a')]);
});

test('a thousand and more go in one run', async () => {
  await env.DB.batch(
    Array.from({ length: 1200 }, (_, number) =>
      env.DB.prepare("INSERT INTO uses VALUES (?, 'x', 100, '2026-08-01', 1)").bind(
        number.toString(16).padStart(64, '0'),
      ),
    ),
  );
  expect(await evict(10_000, uses, effects)).toMatchObject({
    evicted: 1110,
    stored_bytes: 9000,
  });
});

test('rows go that nobody with a token made and nobody read, after so many days', async () => {
  const ids = [
    await stored('a', 31, 'anonymous'),
    await stored('b', 29, 'anonymous'),
    await stored('c', 31, 'a-token'),
    await stored('d', 31, 'anonymous'),
  ];
  await uses.used(idOf('d'), '2026-07-31');
  expect(await expire(30, uses, effects)).toEqual({ expired: 1, failed: 0 });
  expect(await adapters.existing(ids)).toEqual(new Set(ids.slice(1)));
  expect(await inBucket()).toEqual(ids.slice(1));
  expect((await uses.sums()).bytes).toBe(300);
});

test('over the number of adapters those go that nobody with a token made, unread ones first', async () => {
  const ids = [
    await stored('a', 3, 'anonymous'),
    await stored('b', 2, 'anonymous'),
    await stored('c', 1, 'anonymous'),
    await stored('d', 400, 'a-token'),
    await stored('e', 400, 'admin'),
  ];
  await uses.used(idOf('a'), '2026-07-01');
  await uses.used(idOf('b'), '2026-08-30');
  expect(await trim(5, uses, effects)).toEqual({ trimmed: 0, failed: 0, adapters: 5 });
  expect(await trim(4, uses, effects)).toEqual({ trimmed: 1, failed: 0, adapters: 4 });
  expect(await adapters.existing(ids)).toEqual(new Set(['a', 'b', 'd', 'e'].map(idOf)));
  expect(await trim(3, uses, effects)).toEqual({ trimmed: 1, failed: 0, adapters: 3 });
  expect(await inBucket()).toEqual(['b', 'd', 'e'].map(idOf));
  expect(await trim(0, uses, effects)).toEqual({ trimmed: 1, failed: 0, adapters: 2 });
  expect(await trim(0, uses, effects)).toEqual({ trimmed: 0, failed: 0, adapters: 2 });
  expect(await adapters.existing(ids)).toEqual(new Set(['d', 'e'].map(idOf)));
});

test('adapters of before this was kept count for the budget and do not expire', async () => {
  await stored('a', 31, 'anonymous');
  await env.DB.prepare('DELETE FROM uses').run();
  const last = env.TEST_MIGRATIONS.find(({ name }) => name.includes('tokens'))?.queries.at(-1);
  await env.DB.prepare(last ?? '').run();
  expect(await uses.oldest(5)).toEqual([{ id: idOf('a'), bytes: 100 }]);
  expect(await uses.unused('2099-01-01', 5)).toEqual([]);
});

test('a row that cannot be read keeps no other from going', async () => {
  const broken = await stored('a', 40, 'anonymous');
  await stored('b', 40, 'anonymous');
  await env.DB.prepare("UPDATE adapters SET fit = '{' WHERE id = ?").bind(broken).run();
  expect(await expire(30, uses, effects)).toEqual({ expired: 1, failed: 1 });
  expect(await evict(10, uses, effects)).toMatchObject({ evicted: 1, stored_bytes: 0 });
});

test('whoever asks for a row uses it: for its document, by its first digits, for the same again', async () => {
  const work: Promise<void>[] = [];
  const noting = {
    uses,
    madeBy: async () => 'anonymous',
    now: () => AT,
    later(task: () => Promise<void>) {
      work.push(task());
    },
  };
  for (const prefix of ['a1', 'b2', 'c3']) {
    await stored(prefix, 40, 'anonymous');
  }
  const rows = tracked(effects, {}, noting).adapters;
  await rows.get(idOf('a1'));
  await rows.findByPrefix('b2');
  await rows.get(idOf('d4'));
  await Promise.all(work);
  expect(await uses.unused('2026-08-31', 5)).toEqual([idOf('c3')]);
});

test('what was noted wrongly, or not at all, the audit puts right', async () => {
  const [lost, low, gone] = [await stored('a', 5), await stored('b', 5), await stored('c', 5)];
  await env.DB.prepare('DELETE FROM uses WHERE adapter_id = ?').bind(lost).run();
  await uses.evicted([low]);
  await env.ADAPTERS.delete(`adapters/${gone}/adapter_model.safetensors`);
  await env.ADAPTERS.delete(`adapters/${gone}/adapter_config.json`);
  const report = await auditSlice({ part: 'adapters' }, {
    ...effects,
    blobs: { ...effects.blobs, read: present },
    uses,
  } as unknown as PipelineEffects);
  expect(report.report.adapters).toBe(3);
  const noted = new Map((await uses.oldest(5)).map(({ id, bytes }) => [id, bytes]));
  expect(noted).toEqual(
    new Map([
      [lost, 100],
      [low, 100],
    ]),
  );
  expect(await uses.unused('2099-01-01', 5)).toEqual([]);
});

/** What lies in the bucket, whatever it is: these rows' hashes are of nothing. */
async function present(id: string, { name }: { name: string }): Promise<Uint8Array | 'absent'> {
  const object = await env.ADAPTERS.get(`adapters/${id}/${name}`);
  return object === null ? 'absent' : object.bytes();
}

test('writing and reading are noted once a day, removing at once', async () => {
  let [now, work] = [AT, Promise.resolve()];
  const statements: string[] = [];
  const noting = {
    uses: {
      ...uses,
      used: (id: string, day: string) => {
        statements.push(`${id.slice(0, 1)} ${day}`);
        return uses.used(id, day);
      },
    },
    madeBy: async () => 'anonymous',
    now: () => now,
    later(task: () => Promise<void>) {
      work = work.then(task);
    },
  };
  const { blobs } = tracked(effects, {}, noting);
  const bytes = new TextEncoder().encode('weights');
  const file = {
    name: 'adapter_model.safetensors',
    contentType: 'application/octet-stream',
    bytes,
    sha256: await sha256Hex(bytes),
  };
  const id = idOf('9');
  await blobs.put(id, [file]);
  await work;
  expect(await uses.oldest(5)).toEqual([{ id, bytes: 7 }]);
  expect(await uses.unused('2026-09-01', 5)).toEqual([id]);
  for (let read = 0; read < 3; read++) {
    await blobs.read(id, file);
    await (await blobs.get(id, file))?.cancel();
  }
  expect(await blobs.read(idOf('8'), file)).toBe('absent');
  now += DAY_MS;
  await blobs.read(id, file);
  await work;
  expect(statements).toEqual(['9 2026-08-31', '9 2026-09-01']);
  expect(await uses.unused('2026-09-09', 5)).toEqual([]);
  await blobs.remove(id, [file.name]);
  await work;
  expect((await uses.sums()).bytes).toBe(0);
});

test('a budget that cannot be read removes nothing', () => {
  expect(budgetOf({ ...env, STORED_BYTES: '10 GB', UNREAD_DAYS: '-1' })).toEqual({
    bytes: Number.MAX_SAFE_INTEGER,
    adapters: 1_000_000,
    unreadDays: Number.MAX_SAFE_INTEGER,
  });
  expect(budgetOf({ ...env, STORED_BYTES: '500', UNREAD_DAYS: '' })).toEqual({
    bytes: 500,
    adapters: 1_000_000,
    unreadDays: 30,
  });
  expect(budgetOf({ STORED_ADAPTERS: '1e6' }).adapters).toBe(Number.MAX_SAFE_INTEGER);
  expect(budgetOf({ STORED_ADAPTERS: '20' }).adapters).toBe(20);
});
