/** The sweep of real buckets and rows, at a later time than the files were written. */
import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import type { AuditPlace } from '../../src/contract/audit-cursor.ts';
import { auditSlice } from '../../src/pipeline/audit.ts';
import type { PipelineEffects } from '../../src/pipeline/effects.ts';
import { adapterStore } from '../../src/store/adapters.ts';
import { blobStore } from '../../src/store/blobs.ts';
import { layoutStore } from '../../src/store/layouts.ts';
import { adapterRow, idOf } from '../store/row.ts';

const LATER_MS = 2 * 3_600_000;

function orphan(number: number): string {
  return idOf(`a${number.toString(16).padStart(4, '0')}`);
}

test('one sweep leaves no orphan, nothing of it, and every file that has a row', async () => {
  // Other files of tests share the bucket.
  const before = await env.ADAPTERS.list();
  await env.ADAPTERS.delete(before.objects.map(({ key }) => key));
  const kept = adapterRow({ id: idOf('5') });
  const effects = {
    adapters: adapterStore(env.DB),
    blobs: blobStore(env.ADAPTERS),
    layouts: layoutStore(env.DB),
    now: () => Date.now() + LATER_MS,
  } as unknown as PipelineEffects;
  await effects.adapters.insert(kept);
  const names = ['adapter_config.json', 'adapter_model.safetensors'];
  for (const id of [kept.id, ...Array.from({ length: 520 }, (_, number) => orphan(number))]) {
    await Promise.all(names.map((name) => env.ADAPTERS.put(`adapters/${id}/${name}`, name)));
  }
  await effects.layouts.firstMade(orphan(1), 'a-tag', '0'.repeat(64));
  await env.ADAPTERS.put('audit/place.json', 'adapters');

  let place: AuditPlace | undefined = { part: 'orphans' };
  let removed = 0;
  while (place?.part === 'orphans') {
    const slice = await auditSlice(place, effects);
    removed += slice.report.orphans;
    place = slice.next;
  }

  expect(removed).toBe(2 * 520);
  expect(place).toEqual({ part: 'bundles' });
  const { objects } = await env.ADAPTERS.list();
  expect(objects.map(({ key }) => key).sort()).toEqual(
    [...names.map((name) => `adapters/${kept.id}/${name}`), 'audit/place.json'].sort(),
  );
  expect(await effects.layouts.firstMade(orphan(1), 'a-tag', '1'.repeat(64))).toBe('1'.repeat(64));
});
