/** An endpoint with one adapter, for the tests of its repository in the protocol of the Hugging Face Hub. */
import { expect } from 'vitest';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { withCard } from '../fixtures/with-card.ts';
import { type SharedServer, sharedServer, startServer, type TestServer } from '../server.ts';

export type AdapterDocument = ReturnType<typeof adapterSchema.parse>;

export const WEIGHTS = 'adapter_model.safetensors';
/** Every file of the repository, as it lists them. */
export const FILES = ['README.md', 'adapter_config.json', WEIGHTS];

/** The endpoint and what the tests need to know of its adapter. */
interface HubRepository<Server> {
  readonly server: Server;
  /** With the card among its files, as the repository lists them. */
  readonly adapter: AdapterDocument;
  readonly repository: string;
  readonly commit: string;
}

/** Starts an endpoint and makes its only adapter. */
export async function serveRepository(): Promise<HubRepository<TestServer>> {
  return repositoryAt(await startServer());
}

/** Makes the adapter at the endpoint that test files share, where there are others. */
export async function sharedRepository(): Promise<HubRepository<SharedServer>> {
  return repositoryAt(await sharedServer());
}

async function repositoryAt<Server extends SharedServer>(
  server: Server,
): Promise<HubRepository<Server>> {
  const adapter = await withCard(await make(server, 'Reverse the list'));
  return { server, adapter, repository: adapter.repository, commit: adapter.id.slice(0, 40) };
}

/** Makes an adapter. */
export async function make(server: SharedServer, description: string): Promise<AdapterDocument> {
  const response = await server.send('/v1/adapters', { description });
  return adapterSchema.parse(await response.json());
}

/** The JSON of an answer that must be a success. */
export async function json(
  server: SharedServer,
  path: string,
  init?: RequestInit,
): Promise<unknown> {
  const response = await server.fetch(path, init);
  expect(response.status, path).toBe(200);
  return response.json();
}
