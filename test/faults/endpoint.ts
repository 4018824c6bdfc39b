/** The endpoint whose bindings fail as planned (worker.ts), as a test calls it. */
import { type Endpoint, startEndpoint } from '../../scripts/endpoint.ts';
import type { Env } from '../../src/env.ts';
import { ADMIN_TOKEN } from '../endpoint.ts';
import type { FaultPlan, FaultReport } from './bindings.ts';
import type { Stored } from './stored.ts';

/** How an endpoint answered, its body read to the end. */
export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly bytes: Uint8Array;
  /** The body as JSON; undefined if it is none. */
  readonly json: unknown;
}

/** An endpoint that fails as planned. */
export interface FaultyEndpoint extends Endpoint {
  /** Anonymous, unless a header says otherwise. */
  call(method: string, path: string, body?: object, headers?: HeadersInit): Promise<Answer>;
  /** As the administrator. */
  admin(method: string, path: string, body?: object): Promise<Answer>;
  plan(next: FaultPlan | null): Promise<FaultReport>;
  /** Lets its clock go ahead of the time. */
  setClock(ms: number): Promise<void>;
  /** Does what the clock starts; `ok`, or what failed. */
  keepHouse(variables: Partial<Env>): Promise<string>;
  /** Sweeps orphans at a time to come; gives what is left. */
  sweep(ms: number): Promise<Stored>;
}

/** Limits as deployed, so that they are asked, but far away. */
const SETTINGS = {
  ADMIN_TOKEN,
  LISTS: 'public',
  DAILY_ADDRESS: '1000000',
  DAILY_ANONYMOUS: '1000000',
};

/** Starts it with empty stores. */
export async function startFaulty(): Promise<FaultyEndpoint> {
  const endpoint = await startEndpoint({ main: 'test/faults/worker.ts', secrets: SETTINGS });

  async function call(method: string, path: string, body?: unknown, headers?: HeadersInit) {
    const response = await fetch(`${endpoint.origin}${path}`, {
      method,
      redirect: 'manual',
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(headers as Record<string, string>),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    const bytes = new Uint8Array(await response.arrayBuffer());
    return { status: response.status, headers: response.headers, bytes, json: jsonIn(bytes) };
  }

  return {
    ...endpoint,
    call,
    admin: (method, path, body) =>
      call(method, path, body, { authorization: `Bearer ${ADMIN_TOKEN}` }),
    plan: async (next) => (await call('POST', '/faults/plan', next)).json as FaultReport,
    async setClock(ms) {
      await call('POST', `/faults/clock?ms=${ms}`);
    },
    async keepHouse(variables) {
      const { json } = await call('POST', '/faults/scheduled', variables);
      return (json as { outcome: string }).outcome;
    },
    sweep: async (ms) => (await call('POST', `/faults/sweep?ms=${ms}`)).json as Stored,
  };
}

function jsonIn(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder().decode(bytes));
  } catch {
    return undefined;
  }
}
