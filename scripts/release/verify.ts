/** Runs a bundle through the verifying Worker, in workerd on this machine, from an empty R2 bucket. */
import { T2lError } from '../../src/errors.ts';
import { startEndpoint } from '../endpoint.ts';
import { type BundleFolder, readBundleFile } from './folder.ts';
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
      for (const { key, path } of files) {
        await endpoint.env.HYPERNETS.put(key, await readBundleFile(path));
      }
      const response = await fetch(endpoint.origin, {
        method: 'POST',
        body: JSON.stringify({ name, version, digest }),
      });
      const answer = (await response.json()) as VerifyAnswer;
      if (!answer.ok) {
        throw new T2lError(answer.code, 422, answer.detail);
      }
      return answer.report;
    },
    close: endpoint.close,
  };
}
