/**
 * The adapter id: the hash of everything that determines an adapter's bytes.
 *
 *   sha256("t2l-adapter/2\n" digest "\n" precision "\n" dtype "\n" strength "\n" input)
 *
 * where input is `description:` and the normalised description, or `embedding:` and the sha256 of
 * the vector's float32 little-endian bytes. A change of code that changes bytes changes the tag.
 * Nothing here touches the server: anyone can compute an id offline.
 */
import { recordedForm } from './description.ts';
import { toHex } from './hex.ts';

/** What an adapter is made from: a sentence as the door lets it in, or the encoder's vector for it. */
export type AdapterInput = { readonly description: string } | { readonly embedding: Float32Array };

/** The part of a request that determines the adapter. */
export interface AdapterKey {
  /** sha256 of the bundle's manifest. */
  readonly digest: string;
  readonly precision: string;
  readonly dtype: string;
  readonly strength: number;
  readonly input: AdapterInput;
}

const ID_TAG = 't2l-adapter/2';

/** The lower-case hex id of the adapter that `key` determines. */
export async function adapterId(key: AdapterKey): Promise<string> {
  const fields = [
    ID_TAG,
    key.digest,
    key.precision,
    key.dtype,
    String(key.strength),
    await inputField(key.input),
  ];
  return sha256Hex(new TextEncoder().encode(fields.join('\n')));
}

/** sha256 of `bytes` in lower-case hex. */
export async function sha256Hex(bytes: Uint8Array): Promise<string> {
  return toHex(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes as BufferSource)));
}

async function inputField(input: AdapterInput): Promise<string> {
  if ('description' in input) {
    return `description:${recordedForm(input.description)}`;
  }
  const bytes = new Uint8Array(input.embedding.length * 4);
  const view = new DataView(bytes.buffer);
  input.embedding.forEach((value, index) => {
    view.setFloat32(4 * index, value, true);
  });
  return `embedding:${await sha256Hex(bytes)}`;
}
