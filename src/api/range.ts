/**
 * Conditional and partial requests (RFC 9110, sections 13 and 14) for immutable files whose strong
 * entity tag is their sha256. One range a request: a list of ranges is answered with the whole file,
 * as the RFC allows, and so is a unit other than bytes.
 */
import { T2lError } from '../contract/errors.ts';
import type { ByteRange } from '../store/blobs.ts';

/** The entity tag of a file. */
export function etagOf(sha256: string): string {
  return `"${sha256}"`;
}

/** Whether `If-None-Match` names the tag (weak comparison): the client has the file. */
export function noneMatchNames(header: string | undefined, etag: string): boolean {
  return header === etag || (header !== undefined && namesTag(header.replaceAll('W/"', '"'), etag));
}

/** Whether `If-Match` is absent or names the tag (strong comparison). */
export function matchAllows(header: string | undefined, etag: string): boolean {
  return header === undefined || namesTag(header, etag);
}

/**
 * The part of a file that `Range` asks for; undefined means all of it.
 *
 * @param ifRange the value of `If-Range`: when it is not our tag the whole file is wanted
 */
export function parseRange(
  header: string | undefined,
  ifRange: string | undefined,
  etag: string,
  size: number,
): ByteRange | undefined {
  if (header === undefined || (ifRange !== undefined && ifRange.trim() !== etag)) {
    return undefined;
  }
  const [unit = '', set = ''] = header.split('=', 2);
  if (unit.trim().toLowerCase() !== 'bytes' || set.includes(',')) {
    return undefined;
  }
  const match = /^\s*(\d*)-(\d*)\s*$/.exec(set);
  const [, first = '', last = ''] = match ?? [];
  if (match === null || (first === '' && last === '')) {
    throw malformed(size);
  }
  if (first === '') {
    const length = Math.min(Number(last), size);
    return length > 0 ? { offset: size - length, length } : unsatisfiable(size);
  }
  if (last !== '' && Number(last) < Number(first)) {
    throw malformed(size);
  }
  const end = last === '' ? size : Math.min(Number(last) + 1, size);
  const offset = Number(first);
  return offset < size ? { offset, length: end - offset } : unsatisfiable(size);
}

function namesTag(header: string, etag: string): boolean {
  return header.trim() === '*' || header.split(',').some((tag) => tag.trim() === etag);
}

function malformed(size: number): T2lError {
  return new T2lError(
    'range_malformed',
    'Range must be bytes=<first>-<last>, bytes=<first>- or bytes=-<length of the end>.',
    { extra: { headers: { 'content-range': `bytes */${size}` } } },
  );
}

function unsatisfiable(size: number): never {
  throw new T2lError(
    'range_unsatisfiable',
    `The file has ${size} bytes; the range must begin before its end.`,
    { extra: { headers: { 'content-range': `bytes */${size}` } } },
  );
}
