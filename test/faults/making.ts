/** The operations on adapters: made, found, read, made again and removed. */
import { expect } from 'vitest';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import type { Answer } from './endpoint.ts';
import type { Operation } from './operation.ts';
import { WEIGHTS, type World } from './world.ts';

const ADAPTERS = '/v1/adapters';
const ADAPTER = '/v1/adapters/{id}';
const FILE = '/v1/adapters/{id}/{file}';

export const MAKING: readonly Operation[] = [
  {
    name: 'make of a description',
    call: ['post', ADAPTERS],
    succeeds: [200, 201],
    async begin({ endpoint, newDescription, acknowledge }) {
      const body = { description: newDescription() };
      return {
        run: () => endpoint.call('POST', ADAPTERS, body),
        holds: (answer) => void acknowledge(answer),
      };
    },
  },
  {
    name: 'make of an embedding',
    call: ['post', ADAPTERS],
    succeeds: [200, 201],
    async begin({ endpoint, embedding, shipped, acknowledge }) {
      const body = { embedding: [...embedding].reverse(), hypernet: shipped.digest };
      return {
        run: () => endpoint.call('POST', ADAPTERS, body),
        holds: (answer) => void acknowledge(answer),
      };
    },
  },
  {
    name: 'find what is known',
    call: ['get', '/v1/adapters/by-description'],
    succeeds: [200],
    async begin({ endpoint, make, acknowledge, newDescription }) {
      const description = newDescription();
      await make(description);
      const query = new URLSearchParams({ d: description });
      return {
        run: () => endpoint.call('GET', `/v1/adapters/by-description?${query}`),
        holds: (answer) => void acknowledge(answer),
      };
    },
  },
  reading('read for the first time', async () => undefined),
  reading('read again', async ({ endpoint }, { id }) => {
    await endpoint.call('GET', `/v1/adapters/${id}/${WEIGHTS}`);
  }),
  reading('read what was evicted', async ({ endpoint }, { id }) => {
    await endpoint.env.ADAPTERS.delete(`adapters/${id}/${WEIGHTS}`);
  }),
  reading('read what is damaged', async ({ endpoint }, { id }) => {
    await endpoint.env.ADAPTERS.put(`adapters/${id}/${WEIGHTS}`, 'something else');
  }),
  {
    name: 'read in another layout',
    call: ['get', FILE],
    succeeds: [200],
    async begin({ endpoint, make }) {
      const { id } = await make();
      const path = `/v1/adapters/${id}/adapters.safetensors?layout=mlx`;
      return {
        run: () => endpoint.call('GET', path),
        async holds({ bytes }) {
          const again = await endpoint.call('GET', path);
          expect(await sha256Hex(again.bytes)).toBe(await sha256Hex(bytes));
        },
      };
    },
  },
  {
    name: 'remove',
    call: ['delete', ADAPTER],
    succeeds: [204],
    done: [404],
    async begin(world) {
      const { id } = await world.make();
      await world.endpoint.call('GET', `/v1/adapters/${id}/adapters.safetensors?layout=mlx`);
      world.release(id);
      return {
        run: () => world.endpoint.admin('DELETE', `/v1/adapters/${id}`),
        holds: () => expectGone(world, id),
      };
    },
  },
  {
    name: 'remove for good',
    call: ['delete', ADAPTER],
    succeeds: [204],
    done: [404],
    async begin(world) {
      const { endpoint, release } = world;
      const description = world.newDescription();
      const stronger = { description: description.toUpperCase(), strength: 2 };
      const { id } = await world.make(description);
      const alike = world.acknowledge(await endpoint.call('POST', ADAPTERS, stronger));
      for (const one of [id, alike.id]) {
        release(one);
      }
      return {
        run: () => endpoint.admin('DELETE', `/v1/adapters/${id}?refuse=true`),
        async holds() {
          await expectGone(world, id);
          await expectGone(world, alike.id);
          const refused = await endpoint.call('POST', ADAPTERS, { description });
          expect(refused.json).toMatchObject({ code: 'adapter_refused' });
        },
      };
    },
  },
  {
    name: 'lift a refusal',
    call: ['post', ADAPTERS],
    succeeds: [200, 201],
    async begin({ endpoint, make, newDescription, acknowledge, release }) {
      const description = newDescription();
      const { id } = await make(description);
      release(id);
      await endpoint.admin('DELETE', `/v1/adapters/${id}?refuse=true`);
      return {
        run: () => endpoint.admin('POST', ADAPTERS, { description }),
        holds: (answer) => void acknowledge(answer),
      };
    },
  },
];

/** Reading the weights of an adapter, after something was done with them. */
function reading(
  name: string,
  before: (world: World, adapter: AdapterDocument) => Promise<void>,
): Operation {
  return {
    name,
    call: ['get', FILE],
    succeeds: [200],
    async begin(world) {
      const adapter = await world.make();
      await before(world, adapter);
      return {
        run: () => world.endpoint.call('GET', `/v1/adapters/${adapter.id}/${WEIGHTS}`),
        async holds({ bytes }: Answer) {
          expect(await sha256Hex(bytes)).toBe(adapter.files[WEIGHTS]?.sha256);
        },
      };
    },
  };
}

async function expectGone({ endpoint }: World, id: string): Promise<void> {
  for (const path of [id, `${id}/${WEIGHTS}`]) {
    expect((await endpoint.call('GET', `/v1/adapters/${path}`)).status).toBe(404);
  }
}
