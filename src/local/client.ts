/**
 * The SDK's calls without an endpoint: the same requests, documents, ids and errors, made by the same
 * pipeline in this process. What needs ONNX Runtime is loaded when something has to be generated.
 */
import './node-20.ts';
import { resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { CARD_FILE } from '../adapter/card.ts';
import type { Manifest } from '../bundle/manifest.ts';
import { adapterId } from '../contract/adapter-id.ts';
import { T2lError } from '../contract/errors.ts';
import { parse } from '../contract/parse.ts';
import { createAdapterSchema, inputOf } from '../contract/requests/create-adapter.ts';
import { listAdaptersSchema } from '../contract/requests/list-adapters.ts';
import { unlessAborted } from '../ort/abort.ts';
import { adapterDocument } from '../pipeline/adapter-document.ts';
import type { PipelineEffects } from '../pipeline/effects.ts';
import { generateAdapter, type AdapterRequest as PipelineRequest } from '../pipeline/generate.ts';
import { hypernetDocument } from '../pipeline/hypernet-document.ts';
import { findFile } from '../pipeline/layout-file.ts';
import { madeByDigest } from '../pipeline/layout-target.ts';
import { removeAdapter } from '../pipeline/stored-files.ts';
import { asJson } from '../sdk/adapter-id.ts';
import type { AdapterDocument, AdapterRequest, HypernetDocument, T2lClient } from '../sdk/index.ts';
import type { Catalog } from '../store/catalog.ts';
import type { HypernetFamily } from '../store/families.ts';
import { findAdapter } from '../store/find-adapter.ts';
import type { AdapterRow } from '../store/schema.ts';
import { localCatalog } from './catalog.ts';
import type { LocalOptions } from './pipeline.ts';
import type { OnUnreadable } from './rows.ts';
import { blobFolder, localStores } from './stores.ts';

/** Any origin: the document's URLs are replaced. */
const ORIGIN = 'http://localhost';

/** What can be asked of this machine. */
export type LocalClient = Pick<
  T2lClient,
  | 'generate'
  | 'adapterId'
  | 'adapter'
  | 'allAdapters'
  | 'download'
  | 'remove'
  | 'hypernets'
  | 'hypernet'
>;

/**
 * Opens the bundles and the data folder; nothing is written before an adapter is made.
 *
 * @param onUnreadable hears of rows that the list passes over; without it they fail the list
 */
export async function createLocalClient(
  options: LocalOptions,
  onUnreadable?: OnUnreadable,
): Promise<LocalClient> {
  const catalog = await localCatalog(options.hypernets);
  const stores = localStores(options.data, onUnreadable);
  const { adapters } = stores;

  async function effects(): Promise<PipelineEffects> {
    const { localEffects } = await import('./pipeline.ts');
    return localEffects(catalog, options);
  }
  async function documentsOf(
    rows: readonly AdapterRow[],
    cached: boolean,
  ): Promise<AdapterDocument[]> {
    const made = await madeByDigest(rows, catalog);
    return rows.map((row) =>
      localDocument(
        adapterDocument(row, ORIGIN, cached, made.get(row.hypernetDigest)),
        options.data,
      ),
    );
  }
  async function documentOf(row: AdapterRow, cached: boolean): Promise<AdapterDocument> {
    const [document] = await documentsOf([row], cached);
    return document as AdapterDocument;
  }

  return {
    async generate(request, { signal } = {}) {
      const recipe = recipeOf(request);
      const made = effects().then((all) => generateAdapter(recipe, all));
      const { row, known } = await unlessAborted(made, signal);
      return documentOf(row, known);
    },
    async adapterId(request) {
      const { hypernet, precision, ...recipe } = recipeOf(request);
      const { digest, manifest } = await catalog.open(await catalog.resolve(hypernet));
      return adapterId({ ...recipe, digest, precision: precision ?? manifest.precision });
    },
    async adapter(id) {
      return documentOf(await findAdapter(adapters, id), true);
    },
    async *allAdapters(query = {}) {
      const { unlisted: hidden, ...rest } = query;
      const { hypernet, base_model, q, unlisted, limit, cursor } = parse(listAdaptersSchema, {
        ...rest,
        ...(hidden !== undefined && { unlisted: String(hidden) }),
      });
      let after = cursor;
      do {
        const page = await adapters.list({
          listing: unlisted === 'true' ? 'unlisted' : 'listed',
          hypernet,
          baseModel: base_model,
          search: q,
          limit,
          after,
        });
        yield* await documentsOf(page.rows, true);
        after = page.next;
      } while (after !== undefined);
    },
    async download({ id }, file, { layout, signal } = {}) {
      const row = await findAdapter(adapters, id);
      const handle = await unlessAborted(
        effects().then((all) => findFile(row, file, layout, all)),
        signal,
      );
      const bytes =
        handle.sha256 === undefined
          ? (await unlessAborted(handle.read(), signal)).bytes
          : await unlessAborted(handle.read(), signal);
      return new Uint8Array(await new Response(bytes as BodyInit).arrayBuffer());
    },
    async remove(id) {
      await removeAdapter(await findAdapter(adapters, id), stores);
    },
    async hypernets() {
      const families = await catalog.families();
      const hypernets = await Promise.all(families.map((one) => familyDocument(catalog, one)));
      return { default: await catalog.defaultName(), hypernets };
    },
    async hypernet(name) {
      const family = await catalog.family(name);
      if (family === undefined) {
        throw new T2lError('hypernet_unknown', `There is no hypernetwork ${name} here.`);
      }
      return familyDocument(catalog, family);
    },
  };
}

function recipeOf(request: AdapterRequest): PipelineRequest {
  const { hypernet, dtype, precision, strength, unlisted, allow_unfit, ...made } = parse(
    createAdapterSchema,
    asJson(request),
  );
  const wanted = { unlisted, allowUnfit: allow_unfit };
  return { input: inputOf(made), hypernet, dtype, precision, strength, ...wanted };
}

/**
 * The document that an endpoint would give. Stored files lie in the data folder; what is made on
 * demand lies nowhere, so its URL only names it.
 */
function localDocument(document: AdapterDocument, data: string): AdapterDocument {
  const { id } = document;
  const files = Object.entries(document.files).map(([name, file]) => {
    const path = resolve(blobFolder(data), id, name);
    return [name, { ...file, url: pathToFileURL(path).href }] as const;
  });
  const formats = Object.entries(document.formats).map(([format, urls]) => {
    const named = Object.keys(urls).map((name) => [name, `t2l:${id}/${format}/${name}`]);
    return [format, Object.fromEntries(named)] as const;
  });
  return {
    ...document,
    files: Object.fromEntries(files),
    formats: Object.fromEntries(formats),
    ...(document.card !== undefined && { card: `t2l:${id}/${CARD_FILE}` }),
  };
}

async function familyDocument(catalog: Catalog, family: HypernetFamily): Promise<HypernetDocument> {
  const manifests = new Map<string, Manifest>();
  for (const version of family.versions) {
    manifests.set(version.digest, (await catalog.open(version)).manifest);
  }
  // Nobody activates anything here.
  return hypernetDocument(family, manifests, [], []);
}
