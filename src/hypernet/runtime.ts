/**
 * Running a bundle's hypernetwork: embedding in, LoRA weights out.
 *
 * Graphs stay loaded between requests within a memory budget. A loaded hypernetwork is a handle, not
 * a session: if its session was evicted by the time it runs, the session is simply loaded again.
 */
import { type FitTable, parseFitTable } from '../adapter/fit.ts';
import { T2lError } from '../errors.ts';
import type { Bundle } from './bundle.ts';
import type { Manifest, Precision } from './manifest.ts';
import { createSession, type OrtSession, type OrtTensor } from './ort.ts';
import { createResidentCache } from './resident.ts';

/** LoRA weights per module name: A [layers, rank, in] and B [layers, out, rank], row-major. */
export type LoraWeights = ReadonlyMap<
  string,
  { readonly A: Float32Array; readonly B: Float32Array }
>;

/** A hypernetwork that is ready to run. */
export interface LoadedHypernet {
  readonly manifest: Manifest;
  readonly precision: Precision;
  readonly fit: FitTable;
  /** The resident session, loaded again if it was evicted. */
  session(): Promise<OrtSession>;
}

/**
 * Graph bytes kept loaded. A graph occupies its size in the WASM heap and its outputs as much again
 * while it runs; next to a 23 MB encoder this leaves the JavaScript half of an isolate its room.
 */
const GRAPH_BUDGET_BYTES = 24 * 1024 * 1024;

/** What the one input of every graph is called. */
const INPUT = 'embedding';

const graphs = createResidentCache<OrtSession>(GRAPH_BUDGET_BYTES);
/** Fit tables are small and belong to a handle; the handle of the last bundles is kept with them. */
const FIT_TABLES_KEPT = 4;
const fitTables = new Map<string, FitTable>();

/**
 * Loads the graph of a bundle at a precision, or finds it loaded.
 *
 * @throws T2lError `precision_unavailable` if the bundle has no such graph
 */
export async function loadHypernet(bundle: Bundle, precision: Precision): Promise<LoadedHypernet> {
  const { manifest, digest } = bundle;
  const graph = manifest.graphs[precision];
  if (graph === undefined) {
    throw new T2lError(
      'precision_unavailable',
      422,
      `${manifest.name} ${manifest.version} has no ${precision} graph.`,
      { supported: Object.keys(manifest.graphs) },
    );
  }
  const { bytes } = manifest.files[graph.file] as { bytes: number };
  function session(): Promise<OrtSession> {
    return graphs.get(`${digest}/${precision}`, bytes, async () => {
      const loaded = await createSession(await bundle.read((graph as { file: string }).file));
      if (loaded.inputs.join() !== INPUT) {
        await loaded.release();
        throw graphInvalid(`takes ${loaded.inputs.join(', ')}, not ${INPUT}`);
      }
      return loaded;
    });
  }
  const fit = await loadFit(bundle);
  await session();
  return { manifest, precision, fit, session };
}

/** Generates the LoRA weights for an embedding; modules in manifest order. */
export async function runHypernet(
  loaded: LoadedHypernet,
  embedding: Float32Array,
): Promise<LoraWeights> {
  const { layers, modules, rank } = loaded.manifest.target;
  const feeds = { [INPUT]: float32(embedding, [1, embedding.length]) };
  let session = await loaded.session();
  while (session.released) {
    session = await loaded.session();
  }
  const outputs = await session.run(feeds);
  return new Map(
    modules.map(({ name, in: inner, out }) => [
      name,
      {
        A: output(outputs, `${name}.A`, [layers, rank, inner]),
        B: output(outputs, `${name}.B`, [layers, out, rank]),
      },
    ]),
  );
}

async function loadFit(bundle: Bundle): Promise<FitTable> {
  const known = fitTables.get(bundle.digest);
  if (known !== undefined) {
    return known;
  }
  const { fit } = bundle.manifest;
  const table = parseFitTable(fit, await bundle.read(fit.file));
  const oldest = fitTables.keys().next().value;
  if (fitTables.size >= FIT_TABLES_KEPT && oldest !== undefined) {
    fitTables.delete(oldest);
  }
  fitTables.set(bundle.digest, table);
  return table;
}

function float32(data: Float32Array, dims: readonly number[]): OrtTensor {
  return { type: 'float32', data, dims };
}

function output(
  outputs: Record<string, OrtTensor>,
  name: string,
  shape: readonly number[],
): Float32Array {
  const tensor = outputs[name];
  if (tensor?.type !== 'float32' || tensor.dims.join() !== shape.join()) {
    throw graphInvalid(
      `gives ${name} as ${tensor?.type} [${tensor?.dims}], not float32 [${shape}]`,
    );
  }
  return tensor.data;
}

function graphInvalid(problem: string): T2lError {
  return new T2lError('bundle_graph_invalid', 422, `The hypernetwork's graph ${problem}.`);
}
