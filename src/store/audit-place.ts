/**
 * Where the scheduled audit goes on, as an object in the bucket of adapters: it outlives isolates and
 * releases, and if it is lost or unreadable the audit begins anew.
 */

const KEY = 'audit/place.json';

/** Reads and writes the place, as text. */
export interface AuditPlaceStore {
  get(): Promise<string | null>;
  set(place: string): Promise<void>;
}

/** The place in an R2 bucket. */
export function auditPlaceStore(bucket: Pick<R2Bucket, 'get' | 'put'>): AuditPlaceStore {
  return {
    async get() {
      return (await (await bucket.get(KEY))?.text()) ?? null;
    },
    async set(place) {
      await bucket.put(KEY, place, { httpMetadata: { contentType: 'application/json' } });
    },
  };
}
