/** What the clock and the audit do with what is stored, and the lists and documents that are read. */
import { expect } from 'vitest';
import type { AuditPlace } from '../../src/contract/audit-cursor.ts';
import type { FaultyEndpoint } from './endpoint.ts';
import { clockAnswer, type Operation } from './operation.ts';
import { LATER_MS, WEIGHTS } from './world.ts';

const AUDIT: Operation['call'] = ['post', '/v1/audit'];
const ORPHAN = 'a'.repeat(64);

export const KEEPING: readonly Operation[] = [
  {
    name: 'evict',
    succeeds: [200],
    async begin({ endpoint, make }) {
      const { id } = await make();
      await auditNext(endpoint, 'orphans');
      return {
        run: async () => clockAnswer(await endpoint.keepHouse({ STORED_BYTES: '1' })),
        async holds() {
          // What was noted as evicted and still lies there, the audit finds: it is not lost to the budget.
          await endpoint.admin('POST', '/v1/audit');
          await endpoint.keepHouse({ STORED_BYTES: '1' });
          expect(await endpoint.env.ADAPTERS.head(`adapters/${id}/${WEIGHTS}`)).toBeNull();
        },
      };
    },
  },
  {
    name: 'expire',
    succeeds: [200],
    async begin({ endpoint, make, release }) {
      const { id } = await make();
      const long = "UPDATE uses SET used_on = '2020-01-01' WHERE adapter_id = ?";
      await endpoint.env.DB.prepare(long).bind(id).run();
      await auditNext(endpoint, 'orphans');
      release(id);
      return {
        run: async () => clockAnswer(await endpoint.keepHouse({})),
        async holds() {
          // What could not be removed is tried again the next time.
          await endpoint.keepHouse({});
          expect((await endpoint.call('GET', `/v1/adapters/${id}`)).status).toBe(404);
        },
      };
    },
  },
  {
    name: 'audit by the clock',
    succeeds: [200],
    async begin({ endpoint, make }) {
      const { id } = await make();
      await endpoint.env.ADAPTERS.put(`adapters/${id}/${WEIGHTS}`, 'something else');
      await auditNext(endpoint, 'adapters');
      return { run: async () => clockAnswer(await endpoint.keepHouse({})) };
    },
  },
  {
    name: 'sweep orphans',
    call: AUDIT,
    succeeds: [200],
    async begin({ endpoint }) {
      const { ADAPTERS, DB } = endpoint.env;
      await ADAPTERS.put(`adapters/${ORPHAN}/${WEIGHTS}`, 'half');
      await DB.prepare("INSERT OR REPLACE INTO layouts VALUES ('tag', ?, 'hash')")
        .bind(ORPHAN)
        .run();
      await DB.prepare("INSERT OR REPLACE INTO uses VALUES (?, 'x', 4, '2020-01-01', 1)")
        .bind(ORPHAN)
        .run();
      return {
        async run() {
          await endpoint.setClock(LATER_MS);
          const answer = await endpoint.admin('POST', '/v1/audit?cursor=orphans');
          await endpoint.setClock(0);
          return answer;
        },
      };
    },
  },
  {
    name: 'audit adapters',
    call: AUDIT,
    succeeds: [200],
    async begin({ endpoint, make }) {
      const { id } = await make();
      await endpoint.env.ADAPTERS.put(`adapters/${id}/${WEIGHTS}`, 'something else');
      return { run: () => endpoint.admin('POST', '/v1/audit') };
    },
  },
  {
    name: 'audit a bundle',
    call: AUDIT,
    succeeds: [200],
    async begin({ endpoint, other }) {
      await endpoint.admin('POST', '/v1/hypernets', other);
      // The digest before its own.
      const before = (BigInt(`0x${other.digest}`) - 1n).toString(16).padStart(64, '0');
      return {
        run: () => endpoint.admin('POST', `/v1/audit?cursor=bundles.${before}`),
        holds: ({ json }) => expect(json).toMatchObject({ bundles: 1, failed: [] }),
      };
    },
  },
  reading('list adapters', '/v1/adapters', '/v1/adapters?limit=5'),
  reading('search adapters', '/v1/adapters', '/v1/adapters?q=repeat'),
  reading('list hypernetworks', '/v1/hypernets', '/v1/hypernets'),
  reading('read a hypernetwork', '/v1/hypernets/{name}', '/v1/hypernets/t2l-mini'),
  { ...reading('health', '/healthz', '/healthz'), says: 'unhealthy' },
  {
    name: 'make a token',
    call: ['post', '/v1/tokens'],
    succeeds: [201],
    async begin({ endpoint }) {
      const body = { name: 'somebody', scopes: ['generate'] };
      return {
        run: () => endpoint.admin('POST', '/v1/tokens', body),
        async holds({ json }) {
          const authorization = `Bearer ${(json as { token: string }).token}`;
          const page = await endpoint.call('GET', '/v1/adapters', undefined, { authorization });
          expect(page.status).toBe(200);
        },
      };
    },
  },
  {
    name: 'revoke a token',
    call: ['delete', '/v1/tokens/{token}'],
    succeeds: [204],
    async begin({ endpoint }) {
      const body = { name: 'somebody', scopes: ['read'] };
      const { json } = await endpoint.admin('POST', '/v1/tokens', body);
      return {
        run: () => endpoint.admin('DELETE', `/v1/tokens/${(json as { id: string }).id}`),
      };
    },
  },
];

/** Lets the clock's audit go on with a part of it. */
async function auditNext({ env }: FaultyEndpoint, part: AuditPlace['part']): Promise<void> {
  await env.ADAPTERS.put('audit/place.json', part);
}

/** A call that only reads. */
function reading(name: string, path: string, address: string): Operation {
  return {
    name,
    call: ['get', path],
    succeeds: [200],
    async begin({ endpoint }) {
      return { run: () => endpoint.call('GET', address) };
    },
  };
}
