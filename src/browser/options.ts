/** What a page says to open a hypernetwork, and what it is told while files come. */
import type { Sha256 } from '../sdk/documents.ts';

/** Where ONNX Runtime's files lie: a prefix, or an address each; ORT's own `env.wasm.wasmPaths`. */
export type WasmPaths = string | { wasm?: string | URL; mjs?: string | URL };

/** How much of a file has come. */
export interface Progress {
  /** Its name in the bundle. */
  readonly file: string;
  readonly loaded: number;
  /** undefined: the file is the manifest, whose size nothing says. */
  readonly total: number | undefined;
}

/** What is to be opened, and how. */
export interface HypernetOptions {
  /** Address of a t2l endpoint; either this or `bundles`. */
  readonly endpoint?: string | undefined;
  /** Address of a folder in the bundle layout: `index.json`, `<name>/<version>/`, `encoders/`. */
  readonly bundles?: string | undefined;
  /** A name (its active version), `name@version` or a digest; the default one if left out. */
  readonly name?: string | undefined;
  /** sha256 that its manifest must have. With `name@version` nothing is looked up any more. */
  readonly digest?: Sha256 | undefined;
  /** Where the hypernetwork's graphs run, `auto` if left out; the encoder always runs in WASM. */
  readonly device?: 'auto' | 'wasm' | 'webgpu' | undefined;
  /** Left out: beside ONNX Runtime's own modules. What has started in this page stays as it is. */
  readonly wasmPaths?: WasmPaths | undefined;
  /** Ends the opening. */
  readonly signal?: AbortSignal | undefined;
  /** Is told of every part of a file that comes over the network, also later. */
  readonly progress?: ((progress: Progress) => void) | undefined;
}
