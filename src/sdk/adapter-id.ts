/**
 * Adapter ids without an endpoint. A request is checked by the endpoint's own schema first, so there
 * is an id exactly for what the endpoint takes (but only it knows how long an embedding must be).
 */
import { adapterId as idOfKey } from '../adapter-id.ts';
import { parse } from '../api/parse.ts';
import { createAdapterSchema } from '../api/requests/create-adapter.ts';
import { T2lError } from '../errors.ts';
import type { AdapterRequest, Precision, Sha256 } from './documents.ts';

/** A request whose hypernetwork is known by its digest. */
export interface AdapterIdRequest extends Omit<AdapterRequest, 'hypernet' | 'precision'> {
  /** sha256 of the bundle's manifest. */
  digest: Sha256;
  precision: Precision;
}

/** The id of the adapter that a request determines. */
export async function adapterId(request: AdapterIdRequest): Promise<Sha256> {
  const { digest, ...rest } = request;
  if (!/^[0-9a-f]{64}$/.test(digest)) {
    throw new T2lError(
      'digest_malformed',
      400,
      'digest must be the sha256 of the manifest: 64 lower-case hex digits.',
    );
  }
  const { description, embedding, dtype, strength } = parse(createAdapterSchema, asJson(rest));
  return idOfKey({
    digest,
    precision: request.precision,
    dtype,
    strength,
    input: embedding === undefined ? { description: description ?? '' } : { embedding },
  });
}

/** A request as it is sent: typed arrays are not JSON. */
export function asJson<Request extends Pick<AdapterRequest, 'embedding'>>(
  request: Request,
): Omit<Request, 'embedding'> & { embedding?: number[] } {
  const { embedding, ...rest } = request;
  return embedding === undefined ? rest : { ...rest, embedding: [...embedding] };
}
