/**
 * What a bundle needs of the machine that runs it, told from its manifest alone.
 *
 * The estimate of memory is a sum of what `npm run bench` measures, and comes within a fifth of it:
 *
 *   WASM   runtime + embedded encoder + resident graph, and either what its loading takes or what
 *          passes through; grown in steps of a fifth, so a tenth too large on average
 *   heap   code, tokenizer + weights in float32 + what passes through
 *
 * While a graph is loaded, its largest matrices lie in memory as read and as tensors. A whole graph's
 * outputs pass through the WASM heap, the largest twice, because they are put into PEFT's orientation
 * there; its heap also holds the packed file. A chunk lies in the WASM heap once, and in the heap once:
 * it is freed before the next one arrives. The inspector sees about as many bytes as the weights have
 * besides while chunks stream.
 */

import { parametersOf } from '../output/kinds.ts';
import type { Graph, Manifest, Precision } from './manifest.ts';
import { graphFiles } from './manifest-rules.ts';

/** What one precision of a bundle needs. */
export interface PrecisionNeeds {
  /** Whether the network is one graph; if not, its heads pass through memory in chunks. */
  readonly whole: boolean;
  readonly graph_bytes: number;
  /** The largest file that must be in memory at once. */
  readonly largest_part_bytes: number;
  /** Estimated peak of an isolate's memory, of which Cloudflare gives 128 MB. */
  readonly memory_bytes: number;
  /** The least plan of Cloudflare Workers that runs it. */
  readonly plan: 'free' | 'paid';
}

/** What a bundle needs. */
export interface Needs {
  readonly encoder: Pick<Manifest['encoder'], 'kind' | 'model' | 'dim'>;
  readonly precisions: Partial<Record<Precision, PrecisionNeeds>>;
}

const RUNTIME_WASM_BYTES = 17e6;
const HEAP_BYTES = 4e6;
/** More of the heap beside an embedded encoder: its tokenizer, and what reading both leaves behind. */
const ENCODER_HEAP_BYTES = 23e6;
/** V8 does not collect below this while there is room: the smallest bundle has as much. */
const LEAST_HEAP_BYTES = 42e6;
const LOAD_FACTOR = 1.75;
const OUTPUT_FACTOR = 1.25;
const WASM_GROWTH = 1.1;
const FLOAT32_BYTES = 4;
/** The default dtype of an adapter's file. */
const FILE_BYTES = 2;

/**
 * The free plan allows a script of 3 MB compressed, and ONNX Runtime alone has 3.7 MB; it also allows
 * 10 ms of computing a request, and the smallest bundle needs more to encode one sentence.
 */
const PLAN = 'paid';

/** What the bundle of a manifest needs. */
export function needsOf(manifest: Manifest): Needs {
  const { kind, model, dim } = manifest.encoder;
  const precisions: Partial<Record<Precision, PrecisionNeeds>> = {};
  for (const precision of ['float32', 'int8'] as const) {
    const graph = manifest.graphs[precision];
    if (graph !== undefined) {
      precisions[precision] = precisionNeeds(manifest, graph);
    }
  }
  return { encoder: { kind, model, dim }, precisions };
}

function precisionNeeds(manifest: Manifest, graph: Graph): PrecisionNeeds {
  const { encoder, target } = manifest;
  const sizeOf = (file: string) => manifest.files[file]?.bytes ?? 0;
  const [resident = 0, ...chunks] = graphFiles(graph).map(sizeOf);
  const largestChunk = chunks.reduce((a, b) => Math.max(a, b), 0);
  const whole = 'file' in graph;
  const parameters = parametersOf(target);
  const weights = parameters * FLOAT32_BYTES;
  const embedded = encoder.kind === 'onnx';
  const encoderBytes = embedded ? sizeOf(encoder.files.model) : 0;
  const passing = whole ? OUTPUT_FACTOR * weights : largestChunk;
  const wasm =
    RUNTIME_WASM_BYTES + encoderBytes + Math.max(LOAD_FACTOR * resident, resident + passing);
  const code = HEAP_BYTES + (embedded ? ENCODER_HEAP_BYTES : 0);
  const heap = code + weights + (whole ? parameters * FILE_BYTES : weights + largestChunk);
  return {
    whole,
    graph_bytes: chunks.reduce((a, b) => a + b, resident),
    largest_part_bytes: Math.max(resident, largestChunk),
    memory_bytes: Math.round(wasm * WASM_GROWTH + Math.max(embedded ? LEAST_HEAP_BYTES : 0, heap)),
    plan: PLAN,
  };
}
