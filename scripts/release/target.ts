/** Where a bundle is released to: an endpoint and the bucket that it reads bundles from. */
import { T2lError } from '../../src/contract/errors.ts';
import { createClient, type T2lClient } from '../../src/sdk/index.ts';
import { commandBucket, localBucket, type ReleaseBucket } from './bucket.ts';
import { startLocalEndpoint } from './local.ts';

/** An endpoint, with its bucket, that a bundle can be released to. */
export interface ReleaseTarget {
  readonly client: T2lClient;
  readonly bucket: ReleaseBucket;
  close(): Promise<void>;
}

/** An endpoint on this machine, started for the release, on the given state. */
export async function openLocalTarget(state: string): Promise<ReleaseTarget> {
  const endpoint = await startLocalEndpoint(state);
  const bucket = await localBucket(state);
  return {
    client: createClient({ endpoint: endpoint.origin, token: endpoint.adminToken }),
    bucket,
    async close() {
      await bucket.close();
      await endpoint.close();
    },
  };
}

/**
 * The deployed endpoint that the environment names.
 *
 * @throws T2lError `environment_incomplete` if it names none
 */
export async function openRemoteTarget(environment: NodeJS.ProcessEnv): Promise<ReleaseTarget> {
  const { T2L_ENDPOINT: origin, T2L_ADMIN_TOKEN: token } = environment;
  if (!origin || !token) {
    throw new T2lError(
      'environment_incomplete',
      '--remote needs the environment variables T2L_ENDPOINT and T2L_ADMIN_TOKEN.',
    );
  }
  const bucket = await commandBucket(['--remote']);
  return { client: createClient({ endpoint: origin, token }), bucket, close: bucket.close };
}
