/** A moderation service on this machine: answers as it is told, and notes what it was asked. */
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What reached the service. */
export interface Asked {
  readonly path: string;
  readonly body: unknown;
  readonly headers: IncomingHttpHeaders;
}

/** What it answers; undefined: nothing, ever. */
export type Said =
  | { readonly status?: number; readonly body: string; readonly location?: string }
  | undefined;

/** A running service. */
export interface ModerationService {
  readonly origin: string;
  readonly asked: Asked[];
  /** Answers from now on. */
  say(answer: (asked: Asked) => Said): void;
  close(): Promise<void>;
}

/** Starts one that allows everything. */
export async function startModeration(): Promise<ModerationService> {
  const asked: Asked[] = [];
  let answer: (asked: Asked) => Said = () => ({ body: '{"allowed":true}' });
  const server = createServer(async (request, response) => {
    let text = '';
    for await (const chunk of request) {
      text += chunk;
    }
    const { url: path = '', headers } = request;
    const one = { path, body: text === '' ? undefined : JSON.parse(text), headers };
    asked.push(one);
    const said = answer(one);
    if (said !== undefined) {
      const { status = 200, location } = said;
      response.writeHead(status, location === undefined ? {} : { location }).end(said.body);
    }
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    asked,
    say(other) {
      answer = other;
    },
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}
