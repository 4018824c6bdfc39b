/**
 * The one byte form of a manifest: keys in code-point order at every level, no white space, UTF-8
 * without escapes that JSON does not demand, no newline at the end. Numbers keep the text they have:
 * Python and JavaScript print some of them differently (1e-05, 0.00001), and both forms are lawful.
 */

/** JSON.parse's third reviver argument and JSON.rawJSON: ES2026, in V8, not yet in the types. */
type SourceReviver = (key: string, value: unknown, context: { source?: string }) => unknown;
interface SourceJson {
  parse(text: string, reviver: SourceReviver): unknown;
  rawJSON(text: string): unknown;
  isRawJSON(value: unknown): boolean;
}
const json = JSON as unknown as SourceJson;

/**
 * The canonical bytes of the JSON value that the given bytes hold.
 *
 * @throws SyntaxError or TypeError if the bytes are not JSON in UTF-8
 */
export function canonicalBytes(bytes: Uint8Array): Uint8Array {
  const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  const value = json.parse(text, (_key, member, { source }) =>
    typeof member === 'number' && source !== undefined ? json.rawJSON(source) : member,
  );
  return new TextEncoder().encode(JSON.stringify(sorted(value)));
}

/** Whether bytes are their own canonical form. */
export function isCanonical(bytes: Uint8Array): boolean {
  const canonical = canonicalBytes(bytes);
  return canonical.length === bytes.length && canonical.every((byte, i) => byte === bytes[i]);
}

function sorted(value: unknown): unknown {
  if (Array.isArray(value)) {
    return value.map(sorted);
  }
  if (typeof value !== 'object' || value === null || json.isRawJSON(value)) {
    return value;
  }
  const keys = Object.keys(value).sort(byCodePoint);
  return Object.fromEntries(
    keys.map((key) => [key, sorted((value as Record<string, unknown>)[key])]),
  );
}

/** The order of the UTF-8 bytes, which is the order in which Python sorts. */
function byCodePoint(a: string, b: string): number {
  const [x, y] = [[...a], [...b]];
  for (let i = 0; i < Math.min(x.length, y.length); i++) {
    const difference = (x[i]?.codePointAt(0) ?? 0) - (y[i]?.codePointAt(0) ?? 0);
    if (difference !== 0) {
      return difference;
    }
  }
  return x.length - y.length;
}
