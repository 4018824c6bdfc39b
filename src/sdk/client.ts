/**
 * The client. It knows the API's paths and documents and nothing of the Worker, and runs wherever
 * there is `fetch`: Node.js, browsers, Workers. Every failure is a T2lError with the endpoint's code or
 * one of its own, except an abort, which rejects with the signal's reason as `fetch` does.
 */
import { adapterPageSchema, adapterSchema } from '../contract/documents/adapter.ts';
import { batchLineSchema } from '../contract/documents/batch.ts';
import {
  healthSchema,
  hypernetListSchema,
  hypernetSchema,
} from '../contract/documents/hypernet.ts';
import { statsSchema } from '../contract/documents/stats.ts';
import { createdTokenSchema, tokenListSchema } from '../contract/documents/token.ts';
import { T2lError } from '../contract/errors.ts';
import { canonicalId } from '../contract/requests/names.ts';
import { adapterId, asJson } from './adapter-id.ts';
import { documentOf, linesOf } from './answer.ts';
import { checkDownload } from './checksum.ts';
import type {
  Activation,
  AdapterDocument,
  AdapterPage,
  AdapterQuery,
  AdapterRequest,
  BatchLine,
  BundleReference,
  CanaryRequest,
  CreatedToken,
  Health,
  HypernetDocument,
  HypernetList,
  Layout,
  Precision,
  Sha256,
  Stats,
  TokenList,
  TokenRequest,
} from './documents.ts';
import { findAnswering } from './hypernet-lookup.ts';
import type { ClientOptions } from './options.ts';
import { type Call, createTransport } from './transport.ts';

/** What every call takes. */
export interface CallOptions {
  /** Ends the call, also while it waits for another try. */
  readonly signal?: AbortSignal | undefined;
}

/** What a download takes. */
export interface DownloadOptions extends CallOptions {
  /** Another layout of the same adapter; `peft`, the stored one, if left out. */
  readonly layout?: Layout | undefined;
}

/** What a batch takes. */
export interface BatchOptions extends CallOptions {
  /** Let a queue of the endpoint make them, and say their ids at once. */
  readonly later?: boolean | undefined;
}

/** What a removal takes. */
export interface RemoveOptions extends CallOptions {
  /** Make nothing of the adapter's description again; only an endpoint can. */
  readonly refuse?: boolean | undefined;
}

/** Calls to one endpoint. */
export interface T2lClient {
  /** Makes an adapter, or finds it. */
  generate(request: AdapterRequest, options?: CallOptions): Promise<AdapterDocument>;
  /** Makes the adapters of up to 64 requests, or finds them; each has its line, in their order. */
  batch(requests: readonly AdapterRequest[], options?: BatchOptions): Promise<BatchLine[]>;
  /** Makes an adapter of a description, or finds it, by a GET that caches may answer. */
  byDescription(
    description: string,
    hypernet?: string,
    options?: CallOptions,
  ): Promise<AdapterDocument>;
  /** The document of an adapter; 12 or more digits of its id will do. */
  adapter(id: string, options?: CallOptions): Promise<AdapterDocument>;
  /** A page of adapters, newest first. */
  adapters(query?: AdapterQuery, options?: CallOptions): Promise<AdapterPage>;
  /** All adapters, newest first, page by page as they are asked for. */
  allAdapters(query?: AdapterQuery, options?: CallOptions): AsyncGenerator<AdapterDocument, void>;
  /**
   * The bytes of a file. Their sha256 must be the one that the document names or, for what is made on
   * demand, the one that the answer names.
   */
  download(
    document: Pick<AdapterDocument, 'id' | 'files'>,
    file: string,
    options?: DownloadOptions,
  ): Promise<Uint8Array<ArrayBuffer>>;
  /** The id that a request will have; asks once which hypernetworks there are, then never again. */
  adapterId(request: AdapterRequest, options?: CallOptions): Promise<Sha256>;
  hypernets(options?: CallOptions): Promise<HypernetList>;
  hypernet(name: string, options?: CallOptions): Promise<HypernetDocument>;
  health(options?: CallOptions): Promise<Health>;
  /** Removes an adapter and its files (admin). */
  remove(id: string, options?: RemoveOptions): Promise<void>;
  /** Registers a bundle that lies in the endpoint's bucket (admin). */
  register(bundle: BundleReference, options?: CallOptions): Promise<HypernetDocument>;
  /** Makes a version the one that answers, or goes back to the one before (admin). */
  activate(name: string, activation: Activation, options?: CallOptions): Promise<HypernetDocument>;
  /** Lets a version answer for a part of the descriptions (admin). */
  startCanary(
    name: string,
    canary: CanaryRequest,
    options?: CallOptions,
  ): Promise<HypernetDocument>;
  /** Ends that; activating the version promotes it (admin). */
  endCanary(name: string, options?: CallOptions): Promise<HypernetDocument>;
  /** Lets a version make no new adapters, for good; those that it made stay (admin). */
  yank(
    name: string,
    version: string,
    reason: string,
    options?: CallOptions,
  ): Promise<HypernetDocument>;
  /** Makes a token for others; the answer alone shows it (admin). */
  createToken(token: TokenRequest, options?: CallOptions): Promise<CreatedToken>;
  /** All tokens, newest first, without what they are (admin). */
  tokens(options?: CallOptions): Promise<TokenList>;
  /** Revokes a token by its id (admin). */
  revokeToken(id: string, options?: CallOptions): Promise<void>;
  /** What the endpoint did today, or in the last days (admin). */
  stats(query?: { readonly days?: number | undefined }, options?: CallOptions): Promise<Stats>;
}

/**
 * A client of an endpoint.
 *
 * @throws T2lError `endpoint_malformed` or `token_malformed`
 */
export function createClient(options: ClientOptions): T2lClient {
  const transport = createTransport(options);
  let known: Promise<HypernetList> | undefined;

  function read(path: string, { signal }: CallOptions): Call {
    return { method: 'GET', path, repeatable: true, signal };
  }
  async function document<Schema extends Parameters<typeof documentOf>[0]>(
    schema: Schema,
    call: Call,
  ): Promise<ReturnType<typeof documentOf<Schema>>> {
    return documentOf(schema, await transport(call), `${call.method} ${call.path}`);
  }

  const client: T2lClient = {
    generate(request, { signal } = {}) {
      // The same request always means the same adapter, so sending it twice makes one.
      const body = asJson(request);
      const call = {
        method: 'POST',
        path: '/v1/adapters',
        body,
        repeatable: true,
        signal,
      } as const;
      return document(adapterSchema, call);
    },
    async batch(requests, { signal, later } = {}) {
      const body = { requests: requests.map(asJson) };
      const path = `/v1/adapters/batch${queryOf({ later: later ? 'true' : undefined })}`;
      const answer = await transport({ method: 'POST', path, body, repeatable: true, signal });
      const lines = linesOf(batchLineSchema, answer, `POST ${path}`);
      if (lines.length !== requests.length) {
        throw new T2lError(
          'answer_unexpected',
          `POST ${path}: ${lines.length} lines came for ${requests.length} requests; ask again.`,
        );
      }
      return lines;
    },
    byDescription(description, hypernet, options = {}) {
      const query = queryOf({ d: description, hypernet });
      return document(adapterSchema, read(`/v1/adapters/by-description${query}`, options));
    },
    adapter(id, options = {}) {
      const path = `/v1/adapters/${encodeURIComponent(canonicalId(id))}`;
      return document(adapterSchema, read(path, options));
    },
    adapters(query = {}, options = {}) {
      return document(adapterPageSchema, read(`/v1/adapters${queryOf({ ...query })}`, options));
    },
    async *allAdapters(query = {}, options = {}) {
      let { cursor } = query;
      do {
        const page = await client.adapters({ ...query, cursor }, options);
        yield* page.adapters;
        cursor = page.next_cursor ?? undefined;
      } while (cursor !== undefined);
    },
    async download(adapter, file, { layout, ...options } = {}) {
      const path = `/v1/adapters/${canonicalId(adapter.id)}/${encodeURIComponent(file)}${queryOf({ layout })}`;
      const answer = await transport(read(path, options));
      await checkDownload(adapter, file, layout, answer);
      return answer.bytes;
    },
    async adapterId({ hypernet, precision, ...request }, options = {}) {
      known ??= client.hypernets(options);
      const list = await known.catch((error: unknown) => {
        known = undefined;
        throw error;
      });
      const version = await findAnswering(list, hypernet, request.description);
      return adapterId({
        ...request,
        digest: version.digest,
        precision: precision ?? (version.precision as Precision),
      });
    },
    hypernets(options = {}) {
      return document(hypernetListSchema, read('/v1/hypernets', options));
    },
    hypernet(name, options = {}) {
      return document(hypernetSchema, read(`/v1/hypernets/${encodeURIComponent(name)}`, options));
    },
    health(options = {}) {
      return document(healthSchema, read('/healthz', options));
    },
    async remove(id, { signal, refuse } = {}) {
      const query = queryOf({ refuse: refuse ? 'true' : undefined });
      const path = `/v1/adapters/${encodeURIComponent(canonicalId(id))}${query}`;
      await transport({ method: 'DELETE', path, repeatable: false, signal });
    },
    register(body, { signal } = {}) {
      const call = { method: 'POST', path: '/v1/hypernets', repeatable: false } as const;
      return document(hypernetSchema, { ...call, body, signal });
    },
    activate(name, body, { signal } = {}) {
      const path = `/v1/hypernets/${encodeURIComponent(name)}/active`;
      return document(hypernetSchema, { method: 'PUT', path, body, repeatable: false, signal });
    },
    startCanary(name, body, { signal } = {}) {
      const path = `/v1/hypernets/${encodeURIComponent(name)}/canary`;
      return document(hypernetSchema, { method: 'PUT', path, body, repeatable: false, signal });
    },
    endCanary(name, { signal } = {}) {
      const path = `/v1/hypernets/${encodeURIComponent(name)}/canary`;
      return document(hypernetSchema, { method: 'DELETE', path, repeatable: false, signal });
    },
    yank(name, version, reason, { signal } = {}) {
      const path = `/v1/hypernets/${encodeURIComponent(name)}/versions/${encodeURIComponent(version)}/yanked`;
      const call = { method: 'PUT', path, repeatable: false } as const;
      return document(hypernetSchema, { ...call, body: { reason }, signal });
    },
    createToken(body, { signal } = {}) {
      const call = { method: 'POST', path: '/v1/tokens', repeatable: false } as const;
      return document(createdTokenSchema, { ...call, body, signal });
    },
    tokens(options = {}) {
      return document(tokenListSchema, read('/v1/tokens', options));
    },
    async revokeToken(id, { signal } = {}) {
      const path = `/v1/tokens/${encodeURIComponent(id)}`;
      await transport({ method: 'DELETE', path, repeatable: true, signal });
    },
    stats({ days } = {}, options = {}) {
      return document(statsSchema, read(`/v1/stats${queryOf({ days })}`, options));
    },
  };
  return client;
}

/** Members as a query, without those that are undefined. */
function queryOf(members: Record<string, string | number | boolean | undefined>): string {
  const query = new URLSearchParams();
  for (const [name, value] of Object.entries(members)) {
    if (value !== undefined) {
      query.set(name, String(value));
    }
  }
  return query.size > 0 ? `?${query}` : '';
}
