/**
 * What the layouts of other programs have in common: a file of theirs is planned from the target
 * alone (names, shapes, so also the size), and made from the bytes of `adapter_model.safetensors`.
 *
 *   target -> tensors of the file, each with the PEFT tensor it comes from and how it is written
 *          -> one buffer of the final size; every tensor is written straight from the source into it
 *
 * So HEAD and `If-None-Match` need no weights, and making a file holds two copies at most: the
 * source and the result. Nothing here depends on time or place: equal weights give equal bytes.
 */

import type { Target, TargetModule } from '../bundle/manifest.ts';
import { T2lError } from '../contract/errors.ts';
import { KIND_TITLES } from '../contract/output-kinds.ts';
import { outputOf } from '../output/kinds.ts';
import { pairOf } from '../output/lora.ts';
import { type AdapterDtype, tensorName } from './peft.ts';
import { readSafetensors, type StoredTensor, type TensorSpec } from './safetensors.ts';

/** What every file of another layout follows from, beside the weights. */
export interface LayoutFacts {
  /** The adapter's id. */
  readonly id: string;
  readonly target: Target;
  /** Of the stored weights. */
  readonly dtype: AdapterDtype;
}

/** A file that is made on demand. */
export interface LayoutFile {
  readonly name: string;
  readonly contentType: string;
  /** Its size in bytes, known before it is made. */
  readonly bytes: number;
  /** Makes it; a file without weights does not ask for them. */
  make(weights: () => Promise<Uint8Array>): Promise<Uint8Array>;
}

/** One LoRA matrix of a target, A [rank, in] or B [out, rank]. */
export interface LoraTensor {
  readonly layer: number;
  readonly module: TargetModule;
  readonly side: 'A' | 'B';
  readonly rows: number;
  readonly columns: number;
  /** Its name in `adapter_model.safetensors`. */
  readonly source: string;
}

/** Writes a stored tensor into its place in another file. */
export type TensorWriter = (source: StoredTensor, place: Uint8Array) => void;

/** The tensors of a file, each with where its values come from. */
export type Plan = readonly (TensorSpec & {
  readonly source: string;
  readonly write: TensorWriter;
})[];

/** A file that is laid out but not allocated. */
export interface Layout {
  readonly bytes: number;
  /** The file with everything but the tensors' data, and a view of each tensor's bytes. */
  allocate(): { readonly file: Uint8Array; readonly views: ReadonlyMap<string, Uint8Array> };
}

/**
 * Every LoRA matrix of a target: layer by layer, modules in the target's order, A before B.
 *
 * @throws T2lError `layout_unavailable` if the target's adapters are no LoRAs
 */
export function* loraTensors(target: Target): Generator<LoraTensor> {
  const { layers, modules, rank } = target;
  requireLora(target);
  for (let layer = 0; layer < layers; layer++) {
    for (const module of modules) {
      const at = { layer, module };
      const [a, b] = pairOf(module, rank);
      const source = (side: typeof a) => tensorName(target, module.path, layer, side);
      yield { ...at, side: 'A', rows: rank, columns: module.in, source: source(a) };
      yield { ...at, side: 'B', rows: module.out, columns: rank, source: source(b) };
    }
  }
}

/** GGUF, MLX and Workers AI have places for A and B, and for nothing else that is made here. */
function requireLora(target: Target): void {
  const { kind } = outputOf(target);
  if (kind !== 'lora') {
    throw unavailable(
      `The adapter is of the kind ${KIND_TITLES[kind]}; this layout is made for LoRA adapters only. ` +
        'Read it in the layout peft, which PEFT loads.',
    );
  }
}

/** A file of tensors: laid out by its format, filled from the source as planned. */
export function tensorFile(name: string, { bytes, allocate }: Layout, plan: Plan): LayoutFile {
  return {
    name,
    contentType: 'application/octet-stream',
    bytes,
    async make(weights) {
      const stored = readSafetensors(await weights());
      const { file, views } = allocate();
      for (const { name, source, write } of plan) {
        const [tensor, place] = [stored.get(source), views.get(name)];
        if (tensor === undefined || place === undefined) {
          throw new Error(`the adapter's weights have no ${source}`);
        }
        write(tensor, place);
      }
      return file;
    },
  };
}

/** As it is. */
export const copy: TensorWriter = ({ data }, place) => place.set(data);

/** Rows and columns swapped. */
export const transpose: TensorWriter = ({ data, dtype, shape }, place) => {
  const [rows = 0, columns = 0] = shape;
  const [from, to] = [elements(data, dtype), elements(place, dtype)];
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      to[column * rows + row] = from[row * columns + column] as number;
    }
  }
};

/** The bits of a tensor's values, whose type does not matter to who only moves them. */
export function elements(
  { buffer, byteOffset, byteLength }: Uint8Array,
  dtype: StoredTensor['dtype'],
): Uint16Array | Uint32Array {
  return dtype === 'F32'
    ? new Uint32Array(buffer, byteOffset, byteLength / Uint32Array.BYTES_PER_ELEMENT)
    : new Uint16Array(buffer, byteOffset, byteLength / Uint16Array.BYTES_PER_ELEMENT);
}

/** The refusal of a layout that this base model cannot have. */
export function unavailable(detail: string): T2lError {
  return new T2lError('layout_unavailable', detail);
}

/** A JSON file of a layout, which needs no weights. */
export function jsonFile(name: string, value: unknown): LayoutFile {
  const bytes = new TextEncoder().encode(`${JSON.stringify(value, null, 2)}\n`);
  return {
    name,
    contentType: 'application/json',
    bytes: bytes.length,
    make: async () => bytes.slice(), // the caller may free what it gets
  };
}
