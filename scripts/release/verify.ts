/** Runs a bundle on disk through the verifying Worker, in workerd on this machine. */
import { T2lError } from '../../src/contract/errors.ts';
import { startEndpoint } from '../endpoint.ts';
import { serveFiles } from './file-server.ts';
import type { BundleFolder } from './folder.ts';
import type { VerifyAnswer, VerifyReport } from './verify-worker.ts';

/** A verifying Worker that runs. */
export interface Verifier {
  /**
   * Verifies a bundle on disk: canonical manifest, digests, golden vectors.
   *
   * @throws T2lError that says what is wrong with the bundle
   */
  verify(folder: BundleFolder): Promise<VerifyReport>;
  close(): Promise<void>;
}

/** Starts the verifying Worker. */
export async function startVerifier(): Promise<Verifier> {
  const endpoint = await startEndpoint({ main: 'scripts/release/verify-worker.ts' });
  return {
    async verify({ name, version, digest, files }) {
      const server = await serveFiles(files);
      try {
        const response = await fetch(endpoint.origin, {
          method: 'POST',
          body: JSON.stringify({ name, version, digest, base: server.base }),
        });
        const answer = (await response.json()) as VerifyAnswer;
        if (!answer.ok) {
          throw new T2lError(answer.code, answer.detail, { status: 422 });
        }
        return answer.report;
      } finally {
        await server.close();
      }
    },
    close: endpoint.close,
  };
}
