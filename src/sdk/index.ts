/** The TypeScript SDK, `t2l-edge/sdk`. */
export { T2lError } from '../contract/errors.ts';
export { type AdapterIdRequest, adapterId } from './adapter-id.ts';
export {
  type CallOptions,
  createClient,
  type DownloadOptions,
  type RemoveOptions,
  type T2lClient,
} from './client.ts';
export type * from './documents.ts';
export type { ClientOptions, Fetch } from './options.ts';
