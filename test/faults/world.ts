/**
 * What operations under faults begin with and what must hold after them: adapters that the endpoint has
 * acknowledged, and a bundle in the bucket beside the one that ships.
 */
import { expect } from 'vitest';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import { type BuiltInBundle, type BundleName, miniBundle, uploadVariant } from '../bundles.ts';
import { type Answer, type FaultyEndpoint, startFaulty } from './endpoint.ts';

export const WEIGHTS = 'adapter_model.safetensors';
const CONFIG = 'adapter_config.json';
/** Longer than files without a row are left alone. */
export const LATER_MS = 2 * 3_600_000;

/** An endpoint and what is known of it. */
export interface World {
  readonly endpoint: FaultyEndpoint;
  /** The bundle that ships, */
  readonly shipped: BuiltInBundle;
  /** one of the same name in the bucket, which takes embeddings only, */
  readonly other: BundleName;
  /** and one that lacks a file. */
  readonly broken: BundleName;
  /** An embedding that both take. */
  readonly embedding: readonly number[];
  /** A description that nobody sent before. */
  newDescription(): string;
  /** Has an adapter made, anonymously. */
  make(description?: string): Promise<AdapterDocument>;
  /** Notes an adapter that was answered with: it must be there until it is removed. */
  acknowledge(answer: Answer): AdapterDocument;
  /** An adapter was removed, or perhaps was: nobody promises any more that it is there. */
  release(id: string): void;
  /** Removes all that was there at the last check, but for what every check needs. */
  clean(): Promise<void>;
  /** Checks what must hold whatever failed. */
  expectWhole(): Promise<void>;
}

/** Starts one. */
export async function createWorld(): Promise<World> {
  const endpoint = await startFaulty();
  const shipped = await miniBundle();
  const other = await uploadVariant(endpoint.env, '99.0.0', undefined, miniBundle());
  const broken = await uploadVariant(endpoint.env, '99.0.1', undefined, miniBundle());
  await endpoint.env.HYPERNETS.delete(`${broken.name}/${broken.version}/fit.f16`);
  const { dim } = shipped.manifest.encoder;
  const embedding = Array.from({ length: dim }, (_, at) => Math.cos(at) / Math.sqrt(dim / 2));
  const acknowledged = new Map<string, AdapterDocument>();
  const kept = new Set<string>();
  let descriptions = 0;
  let stored: readonly string[] = [];

  function acknowledge({ json }: Answer): AdapterDocument {
    const document = adapterSchema.parse(json);
    const known = acknowledged.get(document.id);
    expect(document.files, 'an adapter has the same files for ever').toEqual(
      known?.files ?? document.files,
    );
    acknowledged.set(document.id, document);
    return document;
  }

  const newDescription = () => `Repeat the word ${++descriptions} times.`;

  async function make(description = newDescription()): Promise<AdapterDocument> {
    const answer = await endpoint.call('POST', '/v1/adapters', { description });
    expect([200, 201]).toContain(answer.status);
    return acknowledge(answer);
  }

  async function expectReadable({ id, files }: AdapterDocument): Promise<void> {
    const [document, ...read] = await Promise.all(
      ['', `/${WEIGHTS}`, `/${CONFIG}`].map((file) =>
        endpoint.call('GET', `/v1/adapters/${id}${file}`),
      ),
    );
    expect([id, document?.status]).toEqual([id, 200]);
    expect(await Promise.all(read.map(({ bytes }) => sha256Hex(bytes)))).toEqual([
      files[WEIGHTS]?.sha256,
      files[CONFIG]?.sha256,
    ]);
  }

  /** Whatever is active opens and makes adapters. */
  async function expectActive(): Promise<void> {
    const shown = await endpoint.call('GET', `/v1/hypernets/${shipped.name}`);
    const { active, versions } = shown.json as { active: string; versions: BundleName[] };
    expect([shipped.digest, other.digest]).toContain(active);
    expect(versions.map(({ digest }) => digest)).not.toContain(broken.digest);
    const body = { embedding, hypernet: shipped.name };
    const answer = await endpoint.call('POST', '/v1/adapters', body);
    expect(answer.json).toMatchObject({ hypernet: { digest: active } });
    kept.add(acknowledge(answer).id);
  }

  return {
    endpoint,
    shipped,
    other,
    broken,
    embedding,
    newDescription,
    make,
    acknowledge,
    release: (id) => void acknowledged.delete(id),
    async clean() {
      await Promise.all(
        stored
          .filter((id) => !kept.has(id))
          .map(async (id) => {
            const { status } = await endpoint.admin('DELETE', `/v1/adapters/${id}`);
            expect(status).toBe(204);
            acknowledged.delete(id);
          }),
      );
    },
    async expectWhole() {
      await Promise.all([...Array.from(acknowledged.values(), expectReadable), expectActive()]);
      const { objects, rows, uses, layouts } = await endpoint.sweep(LATER_MS);
      stored = rows;
      const without = (ids: readonly string[]) => ids.filter((id) => !rows.includes(id));
      expect({ objects: without(objects), layouts: without(layouts), uses: without(uses) }).toEqual(
        { objects: [], layouts: [], uses: [] },
      );
    },
  };
}
