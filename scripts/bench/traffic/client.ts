/** One request, its answer to the last byte, and how long that took. */
import { Agent, request } from 'node:http';

/** An answer. */
export interface Answer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  readonly body: Buffer;
  readonly ms: number;
}

/** What is asked. */
export interface Ask {
  readonly method?: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly json?: unknown;
}

/** A client over connections that stay open. */
export interface Client {
  ask(what: Ask): Promise<Answer>;
  close(): void;
}

/** Connects to an endpoint; `fetch` would take most of a processor that workerd needs. */
export function clientOf(origin: string, connections: number): Client {
  const agent = new Agent({ keepAlive: true, maxSockets: connections });
  return {
    ask: ({ method = 'GET', path, headers = {}, json }) =>
      new Promise((resolve, reject) => {
        const begin = performance.now();
        const body = json === undefined ? undefined : JSON.stringify(json);
        const sent = request(`${origin}${path}`, {
          method,
          agent,
          headers: {
            ...headers,
            ...(body !== undefined && {
              'content-type': 'application/json',
              'content-length': Buffer.byteLength(body),
            }),
          },
        });
        sent.on('error', reject);
        sent.on('response', (answer) => {
          const chunks: Buffer[] = [];
          answer.on('data', (chunk: Buffer) => chunks.push(chunk));
          answer.on('error', reject);
          answer.on('end', () =>
            resolve({
              status: answer.statusCode ?? 0,
              headers: answer.headers,
              body: Buffer.concat(chunks),
              ms: performance.now() - begin,
            }),
          );
        });
        sent.end(body);
      }),
    close: () => agent.destroy(),
  };
}
