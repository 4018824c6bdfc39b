/**
 * A hypernetwork in a page: the pipeline of the endpoint (produce.ts), with the files of a bundle that
 * the browser keeps. In WASM it makes the endpoint's adapters, to the last bit; nothing that is
 * generated from leaves the page.
 */

import { loadFitTable } from '../adapter/fit/table.ts';
import type { Bundle } from '../bundle/bundle.ts';
import type { Manifest } from '../bundle/manifest.ts';
import { adapterId } from '../contract/adapter-id.ts';
import { T2lError } from '../contract/errors.ts';
import { parse } from '../contract/parse.ts';
import { createAdapterSchema, inputOf } from '../contract/requests/create-adapter.ts';
import { type Encoder, loadEncoder } from '../encoder/index.ts';
import { type LoadedHypernet, loadHypernet } from '../hypernet/runtime.ts';
import type { Device } from '../ort/device.ts';
import { outputOf } from '../output/kinds.ts';
import { cardFile } from '../pipeline/card-file.ts';
import type { Recipe } from '../pipeline/effects.ts';
import { produceAdapter } from '../pipeline/produce.ts';
import { asJson } from '../sdk/adapter-id.ts';
import type { Sha256 } from '../sdk/documents.ts';
import type { Adapter, GenerateRequest } from './adapter.ts';
import { bundleFiles } from './bundle-files.ts';
import { chooseDevice } from './device.ts';
import { openFileCache } from './file-cache.ts';
import type { HypernetOptions } from './options.ts';
import { setWasmPaths } from './ort-runtime.ts';
import { findPlace } from './place.ts';
import { inTurn } from './turns.ts';

/** An open hypernetwork. */
export interface Hypernet {
  readonly name: string;
  readonly version: string;
  /** sha256 of its manifest. */
  readonly digest: Sha256;
  readonly device: 'wasm' | 'webgpu';
  /**
   * Makes an adapter. Files of the bundle that are needed for the first time are fetched.
   *
   * @throws T2lError with the endpoint's codes
   */
  generate(request: GenerateRequest, options?: { readonly signal?: AbortSignal }): Promise<Adapter>;
  /** Frees its memory, after what it is doing. */
  close(): Promise<void>;
}

/**
 * Opens a hypernetwork: finds it, fetches what it needs for a default request, and loads it.
 *
 * @throws T2lError `hypernet_unknown`, `endpoint_unreachable`, `bundle_digest_mismatch`,
 *   `webgpu_unavailable`, `runtime_unavailable`, `browser_unsupported`; an abort rejects with the
 *   signal's reason
 */
export async function openHypernet(options: HypernetOptions): Promise<Hypernet> {
  checkBrowser();
  const device = await chooseDevice(options.device);
  const cache = await openFileCache();
  const place = await findPlace(options, cache);
  const open = bundleFiles(place, cache, options.progress);
  setWasmPaths(options.wasmPaths);
  const used = new Map<string, LoadedHypernet>();
  let closed = false;

  async function load(bundle: Bundle, precision: Recipe['precision']): Promise<LoadedHypernet> {
    const loaded = await loadHypernet(bundle, precision, device);
    used.set(precision, loaded);
    return loaded;
  }

  await inTurn(options.signal, async () => {
    const bundle = await open(options.signal);
    // The graph first: with WebGPU the encoder then runs in the same build of ONNX Runtime.
    await load(bundle, bundle.manifest.precision);
    if (bundle.manifest.encoder.kind === 'onnx') {
      await encoderOf(bundle);
    }
  });
  const { name, version, digest } = place;
  return {
    name,
    version,
    digest,
    device,
    generate: (request, { signal } = {}) =>
      inTurn(signal, async () => {
        if (closed) {
          throw new T2lError('hypernet_closed', `${name} was closed; open it again.`);
        }
        const bundle = await open(signal);
        const recipe = recipeOf(request, bundle.manifest);
        const hypernet = await load(bundle, recipe.precision);
        const encoder = 'description' in recipe.input ? await encoderOf(bundle) : undefined;
        const fit = await loadFitTable(bundle);
        const clock = () => performance.now();
        const produced = await produceAdapter({ ...recipe, bundle, encoder, hypernet, fit, clock });
        signal?.throwIfAborted();
        const { dtype, precision, strength, input } = recipe;
        const { parameters, fit: judged } = produced;
        const id = await idOf(digest, recipe, device);
        const made = { id, digest, input, precision, dtype, strength, parameters, fit: judged };
        const card = await cardFile({ ...made, manifest: bundle.manifest });
        return {
          id,
          device,
          hypernet: { name, version, digest },
          output: outputOf(bundle.manifest.target).kind,
          dtype,
          precision,
          strength,
          ...produced,
          files: [...produced.files, card],
          fit: { ...judged, nearest: [...judged.nearest] },
          norms: Object.fromEntries(
            Object.entries(produced.norms).map(([module, layers]) => [module, [...layers]]),
          ),
        };
      }),
    close: () =>
      inTurn(undefined, async () => {
        closed = true;
        for (const loaded of used.values()) {
          await loaded.release();
        }
      }),
  };
}

/** Hashes need a secure context, and giving memory back a browser of 2024 or later. */
function checkBrowser(): void {
  if ((crypto as Partial<Crypto>).subtle === undefined) {
    throw new T2lError(
      'browser_unsupported',
      'The page must be served over https or from localhost: elsewhere browsers have no crypto.subtle.',
    );
  }
  if (!('transfer' in ArrayBuffer.prototype && 'withResolvers' in Promise)) {
    throw new T2lError(
      'browser_unsupported',
      'The browser is too old: it must be Chrome 119, Firefox 122, Safari 17.4 or later.',
    );
  }
}

/** Checks a request as the endpoint does. */
function recipeOf(request: GenerateRequest, manifest: Manifest): Recipe {
  if ('hypernet' in request) {
    throw new T2lError('field_unknown', 'hypernet: it was chosen when it was opened.');
  }
  const { dtype, precision, strength, ...made } = parse(createAdapterSchema, asJson(request));
  return {
    input: inputOf(made),
    dtype,
    precision: precision ?? manifest.precision,
    strength,
  };
}

function encoderOf(bundle: Bundle): Promise<Encoder> {
  const { encoder, name } = bundle.manifest;
  if (encoder.kind === 'http' || encoder.kind === 'workers-ai') {
    throw new T2lError(
      'encoder_not_configured',
      `The encoder of ${name} does not run in a page (it is of kind ${encoder.kind}): give "embedding", ` +
        `${encoder.dim} numbers from ${encoder.model}.`,
    );
  }
  return loadEncoder(bundle, {});
}

/** An id stands for the bytes that WASM gives; a GPU's are others. */
async function idOf(digest: string, recipe: Recipe, device: Device): Promise<Sha256 | null> {
  return device === 'wasm' ? adapterId({ ...recipe, digest }) : null;
}
