/** The few calls that scripts make to an endpoint; a problem document becomes an error with its code. */
import { z } from 'zod';
import { sha256Hex } from '../src/adapter-id.ts';
import { adapterSchema, hypernetSchema } from '../src/api/documents.ts';
import { T2lError } from '../src/errors.ts';

/** An adapter document. */
export type AdapterDocument = z.output<typeof adapterSchema>;
/** The document of a hypernetwork. */
export type HypernetDocument = z.output<typeof hypernetSchema>;

/** Calls to one endpoint. */
export interface Client {
  /** Makes an adapter, or finds it; also gives the answer's Server-Timing in milliseconds. */
  createAdapter(
    request: Record<string, unknown>,
  ): Promise<{ adapter: AdapterDocument; timing: ReadonlyMap<string, number> }>;
  /** Downloads a file of an adapter; its sha256 must be the one the document names. */
  download(adapter: AdapterDocument, file: string): Promise<Uint8Array>;
  /** A hypernetwork with its versions; undefined if there is none of that name. */
  hypernet(name: string): Promise<HypernetDocument | undefined>;
  register(bundle: { name: string; version: string; digest: string }): Promise<HypernetDocument>;
  activate(
    name: string,
    activation: { digest: string } | { rollback: true },
  ): Promise<HypernetDocument>;
}

const problemSchema = z.looseObject({ code: z.string(), detail: z.string() });

/** A client of the endpoint at `origin`; the token is needed by `register` and `activate` only. */
export function createClient(origin: string, adminToken?: string): Client {
  async function call(path: string, method = 'GET', body?: unknown): Promise<Response> {
    const response = await fetch(new URL(path, origin), {
      method,
      headers: {
        ...(body !== undefined && { 'content-type': 'application/json' }),
        ...(adminToken !== undefined && { authorization: `Bearer ${adminToken}` }),
      },
      ...(body !== undefined && { body: JSON.stringify(body) }),
    });
    if (!response.ok) {
      throw await problemOf(response, `${method} ${path}`);
    }
    return response;
  }
  return {
    async createAdapter(request) {
      const response = await call('/v1/adapters', 'POST', request);
      return {
        adapter: adapterSchema.parse(await response.json()),
        timing: parseServerTiming(response.headers.get('server-timing') ?? ''),
      };
    },
    async download(adapter, file) {
      const expected = adapter.files[file]?.sha256;
      const response = await call(`/v1/adapters/${adapter.id}/${file}`);
      const bytes = new Uint8Array(await response.arrayBuffer());
      const actual = await sha256Hex(bytes);
      if (actual !== expected) {
        throw new T2lError(
          'download_corrupt',
          502,
          `${file} of ${adapter.id} has sha256 ${actual}, its document says ${expected}.`,
        );
      }
      return bytes;
    },
    async hypernet(name) {
      try {
        return hypernetSchema.parse(await (await call(`/v1/hypernets/${name}`)).json());
      } catch (error) {
        if (error instanceof T2lError && error.code === 'hypernet_unknown') {
          return undefined;
        }
        throw error;
      }
    },
    async register(bundle) {
      return hypernetSchema.parse(await (await call('/v1/hypernets', 'POST', bundle)).json());
    },
    async activate(name, activation) {
      const response = await call(`/v1/hypernets/${name}/active`, 'PUT', activation);
      return hypernetSchema.parse(await response.json());
    },
  };
}

/** The durations of a Server-Timing header, in milliseconds. */
export function parseServerTiming(header: string): Map<string, number> {
  const entries = header.matchAll(/([\w-]+);dur=([\d.]+)/g);
  return new Map(Array.from(entries, ([, name = '', ms]) => [name, Number(ms)]));
}

async function problemOf(response: Response, call: string): Promise<T2lError> {
  const text = await response.text();
  let problem: unknown;
  try {
    problem = JSON.parse(text);
  } catch {
    problem = undefined;
  }
  const { data } = problemSchema.safeParse(problem);
  return new T2lError(
    data?.code ?? 'endpoint_failed',
    response.status,
    `${call}: ${data?.detail ?? `status ${response.status}, ${text.slice(0, 200)}`}`,
  );
}
