/**
 * Files of a bundle over HTTP on the loopback interface, by key, for Workers on this machine to read.
 * Handing tens of megabytes to a Worker's bindings from Node goes through a debugging proxy, which
 * is slow and drops connections on a busy machine.
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import { T2lError } from '../../src/contract/errors.ts';
import { type BundleFile, readBundleFile } from './folder.ts';

/** A running server. */
export interface FileServer {
  /** A key appended to this is the URL of its file. */
  readonly base: string;
  close(): Promise<void>;
}

/** Serves the files of a bundle, and nothing else; one that is missing on disk is 404. */
export async function serveFiles(files: readonly BundleFile[]): Promise<FileServer> {
  const paths = new Map(files.map(({ key, path }) => [`/${key}`, path]));
  const server = createServer(async (request, response) => {
    try {
      const bytes = await readBundleFile(paths.get(request.url ?? '') ?? '');
      response.writeHead(200, { 'content-length': bytes.length }).end(bytes);
    } catch (error) {
      response.writeHead(error instanceof T2lError ? 404 : 500).end();
    }
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address !== null ? address.port : 0;
  return {
    base: `http://127.0.0.1:${port}/`,
    async close() {
      server.close();
      server.closeAllConnections();
      await once(server, 'close');
    },
  };
}
