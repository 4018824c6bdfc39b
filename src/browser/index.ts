/** The hypernetwork in the browser, `t2l-edge/browser`. */
export { T2lError } from '../contract/errors.ts';
export type { Adapter, AdapterFile, GenerateRequest } from './adapter.ts';
export { type Hypernet, openHypernet } from './hypernet.ts';
export type { HypernetOptions, Progress, WasmPaths } from './options.ts';
