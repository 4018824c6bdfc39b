/**
 * How requests name things: hypernetworks by name, version or digest, adapters by id. Each form is a
 * pattern, a schema over it, and one sentence that says what is right, whichever rule was broken.
 */
import * as z from 'zod';
import { T2lError } from '../errors.ts';
import { HEX_64, isHex64 } from '../hex.ts';
import { MAX_NAME_CHARACTERS, MIN_ID_PREFIX } from '../limits.ts';

/** The name of a hypernetwork. */
export const NAME = new RegExp(`^[a-z0-9][a-z0-9._-]{0,${MAX_NAME_CHARACTERS - 1}}$`);
const VERSION = /^\d+\.\d+\.\d+(-[0-9A-Za-z.-]+)?$/;
/** An adapter id, or enough of its first digits. */
export const ID_PREFIX = new RegExp(`^[0-9a-f]{${MIN_ID_PREFIX},64}$`);
/** The same as people paste it, as `canonicalId` takes it. */
const PASTED_ID = new RegExp(`^([tT]2[lL]/)?[0-9a-fA-F]{${MIN_ID_PREFIX},64}$`);

/** The three forms of `hypernetReference`, for programs that read the description of the API. */
const HYPERNET_PATTERN = `^(${inner(NAME)}(@${inner(VERSION)})?|${HEX_64})$`;

/** What NAME asks for, in words. */
export const NAME_RULE = `a name of 1 to ${MAX_NAME_CHARACTERS} of a-z, 0-9, ".", "_" and "-"`;
const NAME_ERROR = `name must be ${NAME_RULE}.`;
const VERSION_ERROR = 'version must be a semantic version such as 1.0.0.';
const DIGEST_ERROR = 'digest must be the sha256 of the manifest: 64 lower-case hex digits.';
const REFERENCE_ERROR = 'hypernet must be a name, name@version or the digest of a manifest.';

/** What else lies in the bucket of bundles. */
const RESERVED = ['encoders', 'base-models'];

/** The field `name` of a body. */
export const nameSchema = z
  .string({ error: NAME_ERROR })
  .regex(NAME, { error: NAME_ERROR })
  .refine((name) => !RESERVED.includes(name), {
    error: `The names ${RESERVED.map((name) => `"${name}"`).join(' and ')} are taken by other files of the bucket; choose another.`,
    params: { code: 'name_reserved' },
  })
  .meta({ example: 't2l-mini' });

/** The field `version`. */
export const versionSchema = z
  .string({ error: VERSION_ERROR })
  .max(MAX_NAME_CHARACTERS, { error: VERSION_ERROR })
  .regex(VERSION, { error: VERSION_ERROR })
  .meta({ example: '1.0.0' });

/** The field `digest`. */
export const digestSchema = z
  .string({ error: DIGEST_ERROR })
  .regex(new RegExp(`^${HEX_64}$`), { error: DIGEST_ERROR });

/** The field `hypernet`: which hypernetwork is to make an adapter. */
export const hypernetReference = z
  .string({ error: REFERENCE_ERROR })
  .refine(
    (text) => {
      const [name = '', version = '0.0.0', ...rest] = text.split('@');
      return isHex64(text) || (NAME.test(name) && VERSION.test(version) && rest.length === 0);
    },
    { error: REFERENCE_ERROR },
  )
  .meta({
    description: 'A name (its active version), `name@version`, or the digest of a manifest.',
    pattern: HYPERNET_PATTERN,
    example: 't2l-mini',
  });

/**
 * An adapter id as it is written here. People paste the name of the adapter's repository, and some
 * programs print hashes in upper case; any other text stays as it is.
 */
export function canonicalId(text: string): string {
  return PASTED_ID.test(text) ? text.toLowerCase().replace(/^t2l\//, '') : text;
}

/** Checks an adapter id or a prefix of one; says which it is. */
export function parseAdapterId(text: string): { readonly id: string; readonly whole: boolean } {
  const id = canonicalId(text);
  if (!ID_PREFIX.test(id)) {
    throw new T2lError(
      'adapter_id_malformed',
      `An adapter id is 64 hex digits; the first ${MIN_ID_PREFIX} or more will do.`,
    );
  }
  return { id, whole: isHex64(id) };
}

/** The source of a pattern without its anchors. */
function inner(pattern: RegExp): string {
  return pattern.source.slice(1, -1);
}
