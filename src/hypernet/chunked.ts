/**
 * Hypernetworks of any size in one isolate: nearly all weights are in the heads, and a head is used
 * once an adapter. So only the body stays loaded; the heads lie in chunks, graphs of their own that
 * pass through memory one after the other:
 *
 *   read, verified -> session -> run on features.<module> -> block into its tensor -> released
 *
 * A tensor's flat data, of all layers, is seen as [rows, width], and a chunk gives [rows, columns] of it,
 * which begin where the chunk before ended. The next chunk is asked for before one is computed, so that
 * the bucket's answer is on its way meanwhile. It costs no memory here: computing never waits, so the one
 * is freed by the time the next one arrives.
 */

import type { HeadChunk, Manifest } from '../bundle/manifest.ts';
import type { Device } from '../ort/device.ts';
import { free } from '../ort/memory.ts';
import type { OrtSession, OrtTensor } from '../ort/session.ts';
import { sidesOf, sizeOf, weightsOf } from '../output/kinds.ts';
import type { OutputWeights } from '../output/output.ts';
import { graphInvalid, runOnce } from './graph.ts';

/** What a body's output for a module, and the input of the module's chunks, is called. */
const FEATURES = 'features.';

/** What streaming needs. */
export interface StreamOptions {
  readonly target: Manifest['target'];
  readonly chunks: readonly HeadChunk[];
  /** The verified bytes of a file; they are freed. */
  read(file: string): Promise<Uint8Array>;
  /** Outputs of the body. */
  readonly features: Readonly<Record<string, OrtTensor>>;
  /** Where the chunks run. */
  readonly device: Device;
}

/**
 * Runs every chunk and puts the weights together; modules in manifest order.
 *
 * @throws T2lError `bundle_graph_invalid` if a chunk is not what the manifest says, or what
 *   `read` throws
 */
export async function streamHeads(options: StreamOptions): Promise<OutputWeights> {
  const { target, chunks, read } = options;
  const tensors = tensorsOf(target);
  let coming = chunks[0] && read(chunks[0].file);
  for (const [index, chunk] of chunks.entries()) {
    const bytes = (await coming) as Uint8Array;
    const next = chunks[index + 1];
    coming = next && read(next.file);
    // If this chunk fails, nobody waits for the next one: its failure must not go unhandled.
    coming?.catch(() => undefined);
    for (const [name, block] of await runChunk(chunk, bytes, options)) {
      put(tensors, chunk, name, block);
      free(block.data);
    }
  }
  return finished(target, tensors, chunks);
}

async function runChunk(
  { file, offsets }: HeadChunk,
  bytes: Uint8Array,
  { features, device }: StreamOptions,
): Promise<[name: string, block: OrtTensor][]> {
  const outputs = await runOnce(file, bytes, device, (session) => {
    const feeds = feedsOf(file, session, features);
    const [given, listed] = [[...session.outputs].sort(), Object.keys(offsets).sort()];
    if (given.join() !== listed.join()) {
      throw graphInvalid(file, `gives ${given.join(', ')} where ${listed.join(', ')} is expected`);
    }
    return feeds;
  });
  return Object.entries(outputs);
}

function feedsOf(
  file: string,
  { inputs, inputShapes }: OrtSession,
  features: StreamOptions['features'],
): Record<string, OrtTensor> {
  const [name = ''] = inputs;
  const value = name.startsWith(FEATURES) ? features[name] : undefined;
  if (inputs.length !== 1 || value === undefined) {
    throw graphInvalid(file, `takes ${inputs.join(', ')}, not one output ${FEATURES}* of the body`);
  }
  const shape = inputShapes.get(name) ?? [];
  if (shape.join() !== value.dims.join()) {
    throw graphInvalid(file, `takes ${name} as [${shape}]; the body gives it as [${value.dims}]`);
  }
  return { [name]: value };
}

/** A tensor on its way: `rows` is known, and `values` are there, from the first chunk on. */
interface PartialTensor {
  readonly size: number;
  values?: Float32Array;
  rows: number;
  /** Columns that are there already. */
  columns: number;
}

type PartialTensors = ReadonlyMap<string, PartialTensor>;

function tensorsOf(target: Manifest['target']): PartialTensors {
  return new Map(
    target.modules.flatMap((module) =>
      sidesOf(target, module).map((side) => [
        `${module.name}.${side.name}`,
        { size: target.layers * sizeOf(side), rows: 0, columns: 0 },
      ]),
    ),
  );
}

/** Copies a block [rows, columns] to its place. */
function put(
  tensors: PartialTensors,
  { file, offsets }: HeadChunk,
  name: string,
  block: OrtTensor,
): void {
  const tensor = tensors.get(name);
  if (tensor === undefined) {
    throw graphInvalid(file, `gives ${name}, which is no tensor of the target`);
  }
  const [rows = 0, columns = 0] = block.dims;
  if (block.type !== 'float32' || block.dims.length !== 2 || rows * columns === 0) {
    throw graphInvalid(
      file,
      `gives ${name} as ${block.type} [${block.dims}], not float32 [rows, columns]`,
    );
  }
  if (tensor.size % rows !== 0 || (tensor.columns > 0 && rows !== tensor.rows)) {
    const right = tensor.columns > 0 ? `${tensor.rows} before` : `${tensor.size} values in all`;
    throw graphInvalid(file, `gives ${name} with ${rows} rows, which do not go with ${right}`);
  }
  if (offsets[name] !== tensor.columns) {
    throw graphInvalid(
      file,
      `puts ${name} at column ${offsets[name]} where ${tensor.columns} is the next one`,
    );
  }
  const width = tensor.size / rows;
  if (tensor.columns + columns > width) {
    throw graphInvalid(
      file,
      `gives ${name} up to column ${tensor.columns + columns} of ${width}: the chunks are too wide`,
    );
  }
  tensor.rows = rows;
  tensor.values ??= new Float32Array(tensor.size);
  for (let row = 0; row < rows; row++) {
    const values = block.data.subarray(row * columns, (row + 1) * columns);
    tensor.values.set(values, row * width + tensor.columns);
  }
  tensor.columns += columns;
}

function finished(
  target: Manifest['target'],
  tensors: PartialTensors,
  chunks: readonly HeadChunk[],
): OutputWeights {
  function whole(name: string): Float32Array {
    const { size, values, rows, columns } = tensors.get(name) as PartialTensor;
    if (values === undefined || rows * columns !== size) {
      const last = chunks.findLast(({ offsets }) => Object.hasOwn(offsets, name)) ?? chunks.at(-1);
      const width = values === undefined ? 'any' : size / rows;
      throw graphInvalid(
        last?.file ?? '',
        `is the last one for ${name}, of which ${columns} of ${width} columns were given`,
      );
    }
    return values;
  }
  return weightsOf(target, (module, side) => whole(`${module.name}.${side.name}`));
}
