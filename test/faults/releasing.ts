/** The operations on hypernetworks: registered, activated, tried as a canary, rolled back and yanked. */
import { expect } from 'vitest';
import type { Operation } from './operation.ts';
import type { World } from './world.ts';

const HYPERNETS = '/v1/hypernets';
const ACTIVE = '/v1/hypernets/{name}/active';
const CANARY = '/v1/hypernets/{name}/canary';

export const RELEASING: readonly Operation[] = [
  {
    name: 'register',
    call: ['post', HYPERNETS],
    succeeds: [200, 201],
    async begin(world) {
      await forgetAll(world);
      const { endpoint, other } = world;
      return { run: () => endpoint.admin('POST', HYPERNETS, other) };
    },
  },
  {
    name: 'register what lacks a file',
    call: ['post', HYPERNETS],
    succeeds: [422],
    async begin({ endpoint, broken }) {
      return { run: () => endpoint.admin('POST', HYPERNETS, broken) };
    },
  },
  {
    name: 'activate',
    call: ['put', ACTIVE],
    succeeds: [200],
    async begin(world) {
      await registered(world);
      const { endpoint, shipped, other } = world;
      const body = { version: other.version, expected: shipped.digest };
      return {
        run: () => endpoint.admin('PUT', pathOf(world, 'active'), body),
        holds: () => expectState(world, other.digest, null),
      };
    },
  },
  {
    name: 'start a canary',
    call: ['put', CANARY],
    succeeds: [200],
    async begin(world) {
      await registered(world);
      const { endpoint, shipped, other } = world;
      const body = { version: other.version, percent: 50, expected: shipped.digest };
      return {
        run: () => endpoint.admin('PUT', pathOf(world, 'canary'), body),
        holds: () => expectState(world, shipped.digest, other.digest),
      };
    },
  },
  {
    name: 'end a canary',
    call: ['delete', CANARY],
    succeeds: [200],
    async begin(world) {
      await withCanary(world);
      return {
        run: () => world.endpoint.admin('DELETE', pathOf(world, 'canary')),
        holds: () => expectState(world, world.shipped.digest, null),
      };
    },
  },
  {
    name: 'promote a canary',
    call: ['put', ACTIVE],
    succeeds: [200],
    async begin(world) {
      await withCanary(world);
      const { endpoint, shipped, other } = world;
      const body = { digest: other.digest, expected: shipped.digest };
      return {
        run: () => endpoint.admin('PUT', pathOf(world, 'active'), body),
        holds: () => expectState(world, other.digest, null),
      };
    },
  },
  {
    name: 'roll back',
    call: ['put', ACTIVE],
    succeeds: [200],
    // A rollback that was done is told from one that was not by what is active.
    done: [409],
    async begin(world) {
      await registered(world);
      const { endpoint, shipped, other } = world;
      await endpoint.admin('PUT', pathOf(world, 'active'), { version: other.version });
      const body = { rollback: true, expected: other.digest };
      return {
        run: () => endpoint.admin('PUT', pathOf(world, 'active'), body),
        holds: () => expectState(world, shipped.digest, null),
      };
    },
  },
  {
    name: 'yank',
    call: ['put', '/v1/hypernets/{name}/versions/{version}/yanked'],
    succeeds: [200],
    async begin(world) {
      await registered(world);
      const { endpoint, other, embedding } = world;
      const path = pathOf(world, `versions/${other.version}/yanked`);
      return {
        run: () => endpoint.admin('PUT', path, { reason: 'It repeats itself.' }),
        async holds() {
          const body = { embedding: [...embedding].reverse(), hypernet: other.digest };
          const refused = await endpoint.call('POST', '/v1/adapters', body);
          expect(refused.json).toMatchObject({ code: 'hypernet_yanked' });
        },
      };
    },
  },
];

function pathOf({ shipped }: World, rest: string): string {
  return `${HYPERNETS}/${shipped.name}/${rest}`;
}

/** The state in which nobody released anything; the files stay in the bucket. */
async function forgetAll({ endpoint: { env } }: World): Promise<void> {
  const tables = ['hypernets', 'channels', 'activations', 'yanks'];
  await env.DB.batch(tables.map((table) => env.DB.prepare(`DELETE FROM ${table}`)));
}

async function registered(world: World): Promise<void> {
  await forgetAll(world);
  const { status } = await world.endpoint.admin('POST', HYPERNETS, world.other);
  expect(status).toBe(201);
}

async function withCanary(world: World): Promise<void> {
  await registered(world);
  const body = { version: world.other.version, percent: 50 };
  const { status } = await world.endpoint.admin('PUT', pathOf(world, 'canary'), body);
  expect(status).toBe(200);
}

async function expectState(world: World, active: string, canary: string | null): Promise<void> {
  const { json } = await world.endpoint.call('GET', `${HYPERNETS}/${world.shipped.name}`);
  const shown = json as { active: string; canary: { digest: string } | null };
  expect([shown.active, shown.canary?.digest ?? null]).toEqual([active, canary]);
}
