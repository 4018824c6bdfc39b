/**
 * Requests as fast as they are answered, over a few connections that stay open, and how long each took.
 *
 * Written here because what there is does not fit: autocannon, the one that is kept, leaves answers of 304
 * out of its latencies and counts these in whole milliseconds. It shares two processors with what it
 * measures, so it does little: the same bytes again and again over a plain socket, and of an answer it reads
 * the status, the length and nothing else.
 */
import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** What is asked for. */
export interface Target {
  readonly url: string;
  readonly headers?: Readonly<Record<string, string>>;
  /** The status that it must have, and how long the body is. */
  readonly status: number;
  readonly bytes: number;
}

/** A time of asking. */
export interface Slice {
  readonly seconds: number;
  /** Milliseconds of every request. */
  readonly latencies: readonly number[];
}

/** A connection that is used again, one request at a time. */
interface Connection {
  ask(): Promise<void>;
  close(): void;
}

const HEAD_END = '\r\n\r\n';

/**
 * Asks for so many milliseconds, each connection for the next as soon as it has an answer.
 *
 * @throws Error for an answer that is another than it must be
 */
export async function load(target: Target, ms: number, connections: number): Promise<Slice> {
  const open = await Promise.all(Array.from({ length: connections }, () => connection(target)));
  const latencies: number[] = [];
  const start = performance.now();
  try {
    await Promise.all(
      open.map(async ({ ask }) => {
        for (let now = start; now < start + ms; ) {
          await ask();
          const answered = performance.now();
          latencies.push(answered - now);
          now = answered;
        }
      }),
    );
  } finally {
    for (const { close } of open) {
      close();
    }
  }
  return { seconds: (performance.now() - start) / 1000, latencies };
}

/** The value that a share of the values does not exceed. */
export function percentile(values: readonly number[], share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? Number.NaN;
}

async function connection({ url, headers = {}, status, bytes }: Target): Promise<Connection> {
  const { hostname, port, host, pathname, search } = new URL(url);
  const socket = connect({ host: hostname, port: Number(port), noDelay: true });
  await once(socket, 'connect');
  const lines = Object.entries({ Host: host, ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  const request = Buffer.from(
    `GET ${pathname}${search} HTTP/1.1\r\n${lines.join('\r\n')}${HEAD_END}`,
    'latin1',
  );
  return {
    ask: () =>
      answerOf(socket, request, `${url} must be ${status} with ${bytes} bytes`, [status, bytes]),
    close: () => socket.destroy(),
  };
}

/** Sends a request and reads its answer to the end. */
function answerOf(
  socket: Socket,
  request: Buffer,
  rule: string,
  expected: readonly [status: number, bytes: number],
): Promise<void> {
  return new Promise((resolve, reject) => {
    let head = '';
    let left: number | undefined;
    function end(error?: Error): void {
      socket.off('data', take).off('error', end).off('close', closed);
      error === undefined ? resolve() : reject(error);
    }
    function closed(): void {
      end(new Error(`${rule}, but the connection was closed`));
    }
    function take(chunk: Buffer): void {
      let body = chunk.length;
      if (left === undefined) {
        const before = head.length;
        head += chunk.toString('latin1');
        const at = head.indexOf(HEAD_END);
        if (at < 0) {
          return;
        }
        const length = /\r\ncontent-length: *(\d+)/i.exec(head.slice(0, at))?.[1];
        const found = [Number(head.slice(9, 12)), Number(length ?? 0)] as const;
        if (found[0] !== expected[0] || found[1] !== expected[1]) {
          end(new Error(`${rule}, not ${found.join(' with ')}`));
          return;
        }
        left = found[1];
        body -= at + HEAD_END.length - before;
      }
      left -= body;
      if (left <= 0) {
        end();
      }
    }
    socket.on('data', take).on('error', end).on('close', closed);
    socket.write(request);
  });
}
