/**
 * What an endpoint has acknowledged, kept outside of it: a call whose answer did not come is not noted, but
 * what it may have removed is promised no longer.
 */
import { expect } from 'vitest';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { ADMIN_TOKEN } from '../endpoint.ts';
import type { Stored } from './stored.ts';

const LATER_MS = 2 * 3_600_000;
const ADMIN = { authorization: `Bearer ${ADMIN_TOKEN}` };

/** Id of an acknowledged adapter -> its files -> their sha256. */
export type Ledger = Map<string, Readonly<Record<string, string>>>;

/** Sends a JSON value, as the administrator; rejects if no whole answer comes. */
export async function send(
  origin: string,
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number; bytes: Uint8Array; json: unknown }> {
  const response = await fetch(`${origin}${path}`, {
    method,
    headers: { ...ADMIN, ...(body !== undefined && { 'content-type': 'application/json' }) },
    ...(body !== undefined && { body: JSON.stringify(body) }),
  });
  const bytes = new Uint8Array(await response.arrayBuffer());
  const isJson = response.headers.get('content-type')?.includes('json') && bytes.length > 0;
  const json: unknown = isJson ? JSON.parse(new TextDecoder().decode(bytes)) : undefined;
  return { status: response.status, bytes, json };
}

/** Removals of adapters that a ledger had, by their ids: when they ended, by the count of what happened here. */
const removals = new WeakMap<Ledger, Map<string, { ended: number | undefined }>>();
let happened = 0;

function removalsOf(ledger: Ledger): Map<string, { ended: number | undefined }> {
  const found = removals.get(ledger) ?? new Map();
  removals.set(ledger, found);
  return found;
}

/** Removes an adapter: from now on it is promised no longer, whatever becomes of the call. */
export async function removeNoted(origin: string, ledger: Ledger, id: string): Promise<number> {
  const removal: { ended: number | undefined } = { ended: undefined };
  removalsOf(ledger).set(id, removal);
  ledger.delete(id);
  try {
    return (await send(origin, 'DELETE', `/v1/adapters/${id}`)).status;
  } finally {
    removal.ended = ++happened;
  }
}

/**
 * Has an adapter made, and notes it when that is acknowledged; not if it was being removed meanwhile, for it
 * may have been found before it was removed.
 */
export async function makeNoted(origin: string, ledger: Ledger, request: object): Promise<void> {
  const begun = ++happened;
  const { status, json } = await send(origin, 'POST', '/v1/adapters', request);
  expect([200, 201]).toContain(status);
  const { id, files } = adapterSchema.parse(json);
  const hashes = Object.fromEntries(
    Object.entries(files).map(([name, file]) => [name, file.sha256]),
  );
  expect(hashes).toEqual(ledger.get(id) ?? hashes);
  const removal = removalsOf(ledger).get(id);
  if (removal === undefined || (removal.ended ?? Number.POSITIVE_INFINITY) < begun) {
    ledger.set(id, hashes);
  }
}

/** Checks that every noted adapter is there, with the bytes that it was acknowledged with. */
export async function expectKept(origin: string, ledger: Ledger): Promise<void> {
  for (const [id, hashes] of ledger) {
    expect([id, (await send(origin, 'GET', `/v1/adapters/${id}`)).status]).toEqual([id, 200]);
    for (const [name, sha256] of Object.entries(hashes)) {
      const { bytes } = await send(origin, 'GET', `/v1/adapters/${id}/${name}`);
      expect([id, name, await sha256Hex(bytes)]).toEqual([id, name, sha256]);
    }
  }
}

/** Checks that one sweep leaves no file, and no note of one, that no row has. */
export async function expectSwept(origin: string): Promise<void> {
  const { json } = await send(origin, 'POST', `/faults/sweep?ms=${LATER_MS}`);
  const { objects, rows, layouts } = json as Stored;
  const without = (ids: readonly string[]) => ids.filter((id) => !rows.includes(id));
  expect({ objects: without(objects), layouts: without(layouts) }).toEqual({
    objects: [],
    layouts: [],
  });
}
