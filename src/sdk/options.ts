/** How a client is made. */

/** `fetch`, or something that behaves like it: that of a service binding, of a proxy, of a test. */
export type Fetch = (url: string, init: RequestInit) => Promise<Response>;

/** How to reach an endpoint. */
export interface ClientOptions {
  /** Its address, with a path if it lies under one. */
  readonly endpoint: string;
  /** Bearer token of the administrative calls; sent to the endpoint's own origin only. */
  readonly token?: string | undefined;
  /** In place of the global `fetch`. */
  readonly fetch?: Fetch | undefined;
  /** Tries after the first one, 3 if left out. */
  readonly retries?: number | undefined;
}
