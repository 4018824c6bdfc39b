/** What a page gets: an adapter with its bytes. The members are those of the adapter document. */
import type {
  AdapterDocument,
  AdapterRequest,
  Dtype,
  Precision,
  Sha256,
} from '../sdk/documents.ts';

/** What an adapter is made from; the hypernetwork is the one that is open. */
export type GenerateRequest = Omit<AdapterRequest, 'hypernet'>;

/** One file of an adapter. */
export interface AdapterFile {
  readonly name: string;
  readonly contentType: string;
  readonly bytes: Uint8Array;
  readonly sha256: Sha256;
}

/** An adapter that this page made. */
export interface Adapter {
  /** The id that an endpoint gives the same request; null: made on a GPU, so the bytes are others. */
  readonly id: Sha256 | null;
  readonly device: 'wasm' | 'webgpu';
  readonly hypernet: AdapterDocument['hypernet'];
  readonly output: AdapterDocument['output'];
  readonly dtype: Dtype;
  readonly precision: Precision;
  readonly strength: number;
  /** In PEFT's layout, and the card, README.md. */
  readonly files: readonly AdapterFile[];
  readonly parameters: number;
  /** The vector that the weights were made from. */
  readonly embedding: Float32Array;
  readonly fit: AdapterDocument['fit'];
  readonly norms: AdapterDocument['norms'];
  readonly timings_ms: { encode: number; run: number; pack: number; hash: number };
}
