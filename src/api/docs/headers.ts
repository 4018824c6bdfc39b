/**
 * The headers of answers, for the description of the API: each described once, and a rule for which
 * answers carry it. Only headers that such an answer always has are listed.
 */
import { HEX_64 } from '../../contract/hex.ts';

/** Which answers carry a header. */
interface HeaderRule {
  readonly name: keyof typeof HEADERS;
  /** All statuses unless given. */
  readonly statuses?: readonly number[];
  /** All operations unless given. */
  readonly operations?: readonly string[];
}

const HUB_FILE = ['getNamespaceNameResolveRevisionPath'];
const FILE = ['readAdapterFile', ...HUB_FILE];

const DOCUMENTS = ['listAdapters', 'readAdapter', 'listHypernets', 'readHypernet'];
const COUNTED = ['createAdapter', 'adapterByDescription', 'listAdapters', 'getApiModels'];

const RULES: readonly HeaderRule[] = [
  { name: 'Server-Timing' },
  { name: 'WWW-Authenticate', statuses: [401] },
  { name: 'Location', statuses: [200, 201], operations: ['createAdapter'] },
  { name: 'Location', statuses: [307] },
  { name: 'Retry-After', statuses: [503], operations: HUB_FILE },
  { name: 'Retry-After', statuses: [429], operations: COUNTED },
  { name: 'ETag', statuses: [200, 206, 304], operations: [...FILE, ...DOCUMENTS] },
  { name: 'Repr-Digest', statuses: [200, 206], operations: FILE },
  { name: 'Cache-Control', statuses: [200, 206, 304], operations: FILE },
  { name: 'Accept-Ranges', statuses: [200, 206, 304], operations: FILE },
  { name: 'Content-Range', statuses: [206, 416], operations: FILE },
];

/** Header -> its object in `components.headers`. */
export const HEADERS = {
  'Server-Timing': {
    required: true,
    description: 'Named durations in milliseconds and their total.',
    schema: { type: 'string', example: 'load;dur=12.0, encode;dur=21.4, total;dur=60.2' },
  },
  'WWW-Authenticate': {
    required: true,
    description: 'How to authenticate.',
    schema: { type: 'string', example: 'Bearer realm="t2l-edge"' },
  },
  Location: {
    required: true,
    description: 'Where the thing lies, relative to this endpoint.',
    schema: { type: 'string', format: 'uri-reference' },
  },
  'Retry-After': {
    required: true,
    description: 'Seconds after which to ask again.',
    schema: { type: 'integer' },
  },
  ETag: {
    required: true,
    description:
      'Names the bytes, quoted: the sha256 of the file or document, or for `adapter.gguf` and other ' +
      'layouts of what it is made from.',
    schema: { type: 'string', pattern: `^"${HEX_64}"$` },
  },
  'Repr-Digest': {
    required: true,
    description: 'The sha256 of the whole file in base64, also if only a part of it is sent.',
    schema: { type: 'string', pattern: '^sha-256=:[A-Za-z0-9+/]{43}=:$' },
  },
  'Cache-Control': {
    required: true,
    description:
      'How long caches may keep the bytes: for good, or for five minutes where a release may change them.',
    schema: { type: 'string', example: 'public, max-age=31536000, immutable, no-transform' },
  },
  'Accept-Ranges': {
    required: true,
    description: 'One range a request is understood.',
    schema: { type: 'string', const: 'bytes' },
  },
  'Content-Range': {
    required: true,
    description: 'Which bytes of how many; of an unsatisfiable range, only how many.',
    schema: { type: 'string', pattern: '^bytes (\\d+-\\d+|\\*)/\\d+$' },
  },
} as const;

/** The headers of one answer, as references to the components. */
export function headersOf(operation: string, status: number): Record<string, { $ref: string }> {
  const rules = RULES.filter(
    ({ statuses, operations }) =>
      (statuses?.includes(status) ?? true) && (operations?.includes(operation) ?? true),
  );
  return Object.fromEntries(
    rules.map(({ name }) => [name, { $ref: `#/components/headers/${name}` }]),
  );
}
