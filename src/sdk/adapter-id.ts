/**
 * Adapter ids without an endpoint. A request is checked by the endpoint's own schema first, so there
 * is an id exactly for what the endpoint takes (but only it knows how long an embedding must be).
 */
import * as z from 'zod';
import { adapterId as idOfKey } from '../contract/adapter-id.ts';
import { parse } from '../contract/parse.ts';
import { createAdapterSchema, inputOf } from '../contract/requests/create-adapter.ts';
import { digestSchema } from '../contract/requests/names.ts';
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
  parse(z.object({ digest: digestSchema }), { digest });
  const { dtype, strength, ...made } = parse(createAdapterSchema, asJson(rest));
  return idOfKey({
    digest,
    precision: request.precision,
    dtype,
    strength,
    input: inputOf(made),
  });
}

/** A request as it is sent: typed arrays are not JSON. */
export function asJson<Request extends Pick<AdapterRequest, 'embedding'>>(
  request: Request,
): Omit<Request, 'embedding'> & { embedding?: number[] } {
  const { embedding, ...rest } = request;
  return embedding === undefined ? rest : { ...rest, embedding: [...embedding] };
}
