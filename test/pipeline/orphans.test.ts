/** Files without a row, as a crash between the two leaves them: one sweep removes them, and nothing else. */
import { mkdir, readdir, readFile, rm, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AuditPlace, encodeAuditPlace } from '../../src/contract/audit-cursor.ts';
import { localCatalog } from '../../src/local/catalog.ts';
import { localEffects } from '../../src/local/pipeline.ts';
import { auditSlice } from '../../src/pipeline/audit.ts';
import type { PipelineEffects } from '../../src/pipeline/effects.ts';
import { generateAdapter } from '../../src/pipeline/generate.ts';
import type { FileListing, ListedFile } from '../../src/store/blobs.ts';
import { temporaryFolder } from '../cli/command.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';

const HOUR_MS = 3_600_000;
const OLD = 'a'.repeat(64);
const YOUNG = 'b'.repeat(64);

let server: TestServer;

beforeAll(async () => {
  server = await startServer();
});

afterAll(() => server.close());

/** Sweeps until the part is over; the number of files removed. */
async function sweep(effects: PipelineEffects): Promise<number> {
  let place: AuditPlace | undefined = { part: 'orphans' };
  let removed = 0;
  while (place?.part === 'orphans') {
    const slice = await auditSlice(place, effects);
    removed += slice.report.orphans;
    place = slice.next;
  }
  return removed;
}

test('in a data folder, old files without a row go and everything else stays', async () => {
  const data = temporaryFolder();
  const effects = localEffects(await localCatalog(undefined), { data });
  const request = {
    hypernet: undefined,
    dtype: 'float16',
    precision: undefined,
    strength: 1,
  } as const;
  const { row } = await generateAdapter(
    { ...request, input: { description: 'Reverse the order of the words.' } },
    effects,
  );
  for (const id of [OLD, YOUNG]) {
    await mkdir(join(data, 'adapters', id));
    await writeFile(join(data, 'adapters', id, 'adapter_model.safetensors'), 'half');
  }
  const before = new Date(Date.now() - 2 * HOUR_MS);
  for (const id of [OLD, row.id]) {
    await utimes(join(data, 'adapters', id, 'adapter_model.safetensors'), before, before);
  }
  await mkdir(join(data, 'adapters', 'not-an-id'));
  expect(await sweep(effects)).toBe(1);
  expect((await readdir(join(data, 'adapters'))).sort()).toEqual(
    [YOUNG, row.id, 'not-an-id'].sort(),
  );
  expect(await readFile(join(data, 'adapters', row.id, 'adapter_config.json'))).not.toHaveLength(0);
  await rm(data, { recursive: true });
});

test('a listing of the bucket that is cut goes on with whole adapters', async () => {
  const ids = ['1', '2', '3'].map((digit) => digit.repeat(64));
  const files = ids.flatMap((id) =>
    ['adapter_config.json', 'adapter_model.safetensors'].map((name) => ({ id, name, at: 0 })),
  );
  const effects = await effectsOver(files, 3);
  expect(await sweep(effects)).toBe(6);
});

test('an endpoint keeps young files, of which a row may be on its way, page by page', async () => {
  const made = await server.send('/v1/adapters', { description: 'Sort the words from a to z.' });
  const { id } = (await made.json()) as { id: string };
  const orphan = (number: number) => number.toString(16).padStart(64, '0');
  for (let start = 0; start < 1100; start += 50) {
    await Promise.all(
      Array.from({ length: 50 }, (_, place) =>
        server.env.ADAPTERS.put(`adapters/${orphan(start + place)}/adapter_config.json`, '{}'),
      ),
    );
  }
  // They are young: nothing may go.
  expect(await sweepEndpoint()).toBe(0);
  expect(await countOf('adapters/')).toBe(1102);
  expect((await server.fetch(`/v1/adapters/${id}/adapter_config.json`)).status).toBe(200);
});

/** The orphans that a whole audit through the API removes. */
async function sweepEndpoint(): Promise<number> {
  const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };
  let path: string | undefined = `/v1/audit?cursor=${encodeAuditPlace({ part: 'orphans' })}`;
  let removed = 0;
  let slices = 0;
  while (path !== undefined) {
    const answer = await server.fetch(path, { method: 'POST', headers });
    const slice = (await answer.json()) as { orphans: number; next_cursor: string | null };
    removed += slice.orphans;
    slices++;
    path = slice.next_cursor?.startsWith('orphans')
      ? `/v1/audit?cursor=${slice.next_cursor}`
      : undefined;
  }
  expect(slices).toBeGreaterThan(1);
  return removed;
}

async function countOf(prefix: string): Promise<number> {
  let count = 0;
  let cursor: string | undefined;
  do {
    const page: R2Objects = await server.env.ADAPTERS.list({ prefix, ...(cursor && { cursor }) });
    count += page.objects.length;
    cursor = page.truncated ? page.cursor : undefined;
  } while (cursor !== undefined);
  return count;
}

/** Effects over a listing that is cut after so many files. */
async function effectsOver(files: ListedFile[], page: number): Promise<PipelineEffects> {
  const effects = localEffects(await localCatalog(undefined), { data: temporaryFolder() });
  const left = [...files];
  return {
    ...effects,
    blobs: {
      ...effects.blobs,
      async list(after): Promise<FileListing> {
        const rest = left.filter(({ id }) => after === undefined || id > after);
        const some = rest.slice(0, page);
        const last = some.at(-1)?.id;
        const whole = rest.length > page ? some.filter(({ id }) => id !== last) : some;
        return { files: whole, next: rest.length > page ? whole.at(-1)?.id : undefined };
      },
    },
  };
}
