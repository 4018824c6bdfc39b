/** Hostile requests to every path of the description: anything may stand where something is asked for. */
import fc from 'fast-check';
import { ADMIN_TOKEN } from '../../endpoint.ts';
import { body } from './bodies.ts';
import { headerText, urlText } from './texts.ts';

/** A request, byte by byte as it is sent. */
export interface HostileRequest {
  readonly method: string;
  /** The path as the description has it; undefined if the request's is another. */
  readonly path: string | undefined;
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: Buffer | undefined;
}

/** What of the description requests are made from. */
export type Paths = Readonly<
  Record<
    string,
    Record<
      string,
      { readonly parameters?: readonly { readonly name: string; readonly in: string }[] }
    >
  >
>;

/** Values of the path's parameters that exist. */
export type Known = Readonly<Record<string, string>>;

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'PATCH', 'OPTIONS'];
const WITH_BODY = new Set(['POST', 'PUT', 'PATCH', 'DELETE']);
const HEADERS = [
  ...['range', 'if-range', 'if-match', 'if-none-match', 'if-modified-since', 'authorization'],
  ...['content-type', 'content-encoding', 'accept', 'accept-encoding', 'accept-language'],
  ...['origin', 'referer', 'cookie', 'user-agent', 'x-forwarded-for', 'x-forwarded-host'],
  ...['x-forwarded-proto', 'forwarded', 'x-real-ip', 'x-http-method-override', 'sec-fetch-mode'],
  ...['access-control-request-method', 'access-control-request-headers', 'cache-control', 'via'],
];

/** Who somebody says we are. What is no host at all miniflare refuses, in words of its own. */
const HOSTS = ['evil.example', 'localhost:1', '[::1]', '127.0.0.1', 'a@b'];

/** What is done to a path that is otherwise a known one. */
const CHANGES: readonly ((address: string) => string)[] = [
  (address) => `/${address}`,
  (address) => `//${address}`,
  (address) => `${address}/`,
  (address) => `${address}//`,
  (address) => address.replaceAll('/', '//'),
  (address) => `/.${address}`,
  (address) => `/x/..${address}`,
  (address) => `/x/%2e%2e${address}`,
  (address) => `${address}/%2e%2e/%2e%2e/etc/passwd`,
  (address) => `${address};x=1`,
  (address) => `${address}%00`,
  (address) => `${address}%2f`,
  (address) => address.replace('/v1', '/V1'),
  (address) => address.replaceAll('/', '%2f').replace('%2f', '/'),
  // The bytes of a letter as they are; what is no UTF-8 workerd refuses, in plain text.
  (address) => `${address}\u00c3\u00bc`,
  (address) => `${address}\\..\\`,
  (address) => `${address}/${'x/'.repeat(2000)}`,
];

/** Any request. */
export function hostileRequest(paths: Paths, known: Known): fc.Arbitrary<HostileRequest> {
  // Half of them to our own API, of which less is refused for its path alone.
  const own = Object.keys(paths).filter((path) => path.startsWith('/v1/'));
  return fc
    .oneof(fc.constantFrom(...Object.keys(paths)), fc.constantFrom(...own))
    .chain((path) => {
      const operations = paths[path] ?? {};
      const described = Object.keys(operations).map((method) => method.toUpperCase());
      const method = fc.oneof(
        { weight: 12, arbitrary: fc.constantFrom(...described) },
        { weight: 1, arbitrary: fc.constantFrom(...METHODS) },
      );
      const names = Object.values(operations).flatMap(({ parameters = [] }) =>
        parameters.filter((one) => one.in === 'query').map(({ name }) => name),
      );
      return fc.record({
        path: fc.constant(path),
        method,
        filled: filled(path, known),
        change: seldom(fc.constantFrom(...CHANGES)),
        query: query(names),
        headers: headers(),
        body,
      });
    })
    .map(
      ({ path, method, filled: address, change, query: search, headers: sent, body: content }) => ({
        method,
        path: change === undefined ? path : undefined,
        address: (change?.(address) ?? address) + search,
        headers: sent,
        body: WITH_BODY.has(method) ? content : undefined,
      }),
    );
}

/** The path with what exists, or with anything, in place of its parameters. */
function filled(path: string, known: Known): fc.Arbitrary<string> {
  const pieces = path.split(/(\{\w+\})/);
  return fc
    .tuple(...pieces.map((piece) => filledPiece(piece, path, known)))
    .map((all) => all.join(''));
}

function filledPiece(piece: string, path: string, known: Known): fc.Arbitrary<string> {
  const [, name] = /^\{(\w+)\}$/.exec(piece) ?? [];
  if (name === undefined) {
    return fc.constant(piece);
  }
  const hypernet = path.startsWith('/v1/hypernets') && name === 'name';
  const value = (hypernet ? known.hypernet : known[name]) ?? 'x';
  return fc.oneof(
    { weight: 8, arbitrary: fc.constant(value) },
    { weight: 1, arbitrary: fc.constantFrom(value.slice(0, 12), value.toUpperCase(), `${value}0`) },
    // Nothing at all would be another path.
    {
      weight: 2,
      arbitrary: urlText.filter((text) => text !== '' && !/^(\.|%2e){1,2}$/i.test(text)),
    },
  );
}

/** Some parameters, known or not, which may stand several times. */
function query(names: readonly string[]): fc.Arbitrary<string> {
  const name = names.length === 0 ? urlText : fc.oneof(fc.constantFrom(...names), urlText);
  const pair = fc.tuple(name, urlText).map(([key, text]) => `${key}=${text}`);
  return fc.oneof(
    { weight: 3, arbitrary: fc.constant('') },
    { weight: 3, arbitrary: fc.array(pair, { minLength: 1, maxLength: 4 }).map(searchOf) },
    { weight: 1, arbitrary: pair.map((one) => searchOf([one, one])) },
  );
}

function searchOf(pairs: readonly string[]): string {
  return `?${pairs.join('&')}`;
}

function headers(): fc.Arbitrary<Record<string, string>> {
  return fc
    .record({
      admin: fc.boolean(),
      json: fc.integer({ min: 0, max: 9 }).map((one) => one > 0),
      host: seldom(fc.constantFrom(...HOSTS)),
      more: fc.array(fc.tuple(fc.constantFrom(...HEADERS), headerText), { maxLength: 4 }),
    })
    .map(({ admin, json, host, more }) => ({
      ...(admin && { authorization: `Bearer ${ADMIN_TOKEN}` }),
      ...(json && { 'content-type': 'application/json' }),
      ...(host !== undefined && { host }),
      ...Object.fromEntries(more),
    }));
}

/** One in ten times. */
function seldom<T>(arbitrary: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> {
  return fc.oneof({ weight: 9, arbitrary: fc.constant(undefined) }, { weight: 1, arbitrary });
}
