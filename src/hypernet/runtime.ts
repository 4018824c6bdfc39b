/**
 * Running a bundle's hypernetwork: embedding in, an adapter's weights out.
 *
 * Graphs stay loaded between requests within a memory budget: whole ones, or the bodies of chunked
 * ones, whose heads are streamed. A loaded hypernetwork is a handle, not a session: if its session
 * was evicted by the time it runs, the session is simply loaded again.
 */
import type { Bundle } from '../bundle/bundle.ts';
import type { Graph, Manifest, Precision } from '../bundle/manifest.ts';
import { graphFiles } from '../bundle/manifest-rules.ts';
import { T2lError } from '../contract/errors.ts';
import type { Device } from '../ort/device.ts';
import type { OrtSession, OrtTensor } from '../ort/session.ts';
import { createTurns } from '../ort/turns.ts';
import { weightsOf } from '../output/kinds.ts';
import type { OutputWeights } from '../output/output.ts';
import { streamHeads } from './chunked.ts';
import { graphInvalid, openGraph } from './graph.ts';
import { createResidentCache } from './resident.ts';
import { runStages } from './stages.ts';

/** A hypernetwork that is ready to run. */
export interface LoadedHypernet {
  readonly manifest: Manifest;
  readonly precision: Precision;
  readonly graph: Graph;
  /** Where its graphs run. */
  readonly device: Device;
  /** The resident session, of the whole graph or the body, loaded again if it was evicted. */
  session(): Promise<OrtSession>;
  /** The verified bytes of a file of the bundle. */
  read(file: string): Promise<Uint8Array>;
  /** Frees the resident session before others need its room. */
  release(): Promise<void>;
}

/**
 * Graph bytes kept loaded. A graph occupies its size in the WASM heap and its outputs as much again
 * while it runs; next to a 23 MB encoder this leaves the JavaScript half of an isolate its room.
 */
const GRAPH_BUDGET_BYTES = 24 * 1024 * 1024;

/** What the one input of every graph is called. */
const INPUT = 'embedding';

/**
 * Two streams at once would hold two chunks and two sets of weights. The longest lawful one, hundreds
 * of megabytes through a slow network, is far shorter than this.
 */
const STREAM_LIMIT_MS = 60_000;

const graphs = createResidentCache<OrtSession>(GRAPH_BUDGET_BYTES);
const streams = createTurns(STREAM_LIMIT_MS);

/**
 * Loads the graph of a bundle at a precision, or finds it loaded.
 *
 * @throws T2lError `precision_unavailable` if the bundle has no such graph
 */
export async function loadHypernet(
  bundle: Bundle,
  precision: Precision,
  device: Device = 'wasm',
): Promise<LoadedHypernet> {
  const { manifest, digest } = bundle;
  const graph = manifest.graphs[precision];
  if (graph === undefined) {
    throw new T2lError(
      'precision_unavailable',
      `${manifest.name} ${manifest.version} has no ${precision} graph.`,
      { extra: { supported: Object.keys(manifest.graphs) } },
    );
  }
  const [resident = ''] = graphFiles(graph);
  const { bytes } = manifest.files[resident] as { bytes: number };
  const key = `${digest}/${precision}/${device}`;
  function session(): Promise<OrtSession> {
    return graphs.get(key, bytes, async () => {
      const loaded = await openGraph(bundle, resident, device);
      if (loaded.inputs.join() !== INPUT) {
        await loaded.release();
        throw graphInvalid(resident, `takes ${loaded.inputs.join(', ')}, not ${INPUT}`);
      }
      return loaded;
    });
  }
  await session();
  const read = (file: string) => bundle.read(file);
  const release = () => graphs.drop(key);
  return { manifest, precision, graph, device, session, read, release };
}

/** Generates the weights for an embedding; modules in manifest order. */
export async function runHypernet(
  loaded: LoadedHypernet,
  embedding: Float32Array,
): Promise<OutputWeights> {
  const { graph, device, read } = loaded;
  const { target } = loaded.manifest;
  if ('file' in graph) {
    return wholeWeights(graph.file, target, await runResident(loaded, embedding));
  }
  return streams(async () => {
    const features = await runStages(
      graph.stages ?? [],
      read,
      await runResident(loaded, embedding),
      device,
    );
    return streamHeads({ target, chunks: graph.chunks, read, features, device });
  });
}

async function runResident(
  loaded: LoadedHypernet,
  embedding: Float32Array,
): Promise<Record<string, OrtTensor>> {
  let session = await loaded.session();
  while (session.released) {
    session = await loaded.session();
  }
  return session.run({ [INPUT]: float32(embedding, [1, embedding.length]) });
}

function wholeWeights(
  file: string,
  target: Manifest['target'],
  outputs: Record<string, OrtTensor>,
): OutputWeights {
  function output(name: string, shape: readonly number[]): Float32Array {
    const tensor = outputs[name];
    if (tensor?.type !== 'float32' || tensor.dims.join() !== shape.join()) {
      const given = tensor && `${tensor.type} [${tensor.dims}]`;
      throw graphInvalid(file, `gives ${name} as ${given}, not float32 [${shape}]`);
    }
    return tensor.data;
  }
  return weightsOf(target, (module, side) =>
    output(`${module.name}.${side.name}`, [target.layers, ...side.shape]),
  );
}

function float32(data: Float32Array, dims: readonly number[]): OrtTensor {
  return { type: 'float32', data, dims };
}
