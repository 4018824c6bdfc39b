/**
 * Whose bundles may be registered and activated: where keys are configured, those that one of them
 * signed, and those that ship. Who deploys the Worker deploys these with it and chooses the keys.
 */
import { r2Source } from '../bundle/bundle.ts';
import { checkSignature, readTrustedKeys } from '../bundle/signature.ts';
import type { HypernetVersion } from '../store/families.ts';
import { steady } from '../store/steady.ts';
import type { RegistryEffects } from './register.ts';

/** Refuses a version that is neither built in nor signed by a trusted key, if there are any. */
export async function requireTrusted(
  version: Pick<HypernetVersion, 'name' | 'version' | 'digest' | 'origin'>,
  { bucket, trustedKeys }: Pick<RegistryEffects, 'bucket' | 'trustedKeys'>,
): Promise<void> {
  if (version.origin === 'built-in') {
    return;
  }
  const keys = await readTrustedKeys(trustedKeys);
  if (keys !== undefined) {
    await checkSignature(steady(r2Source(bucket)), version, keys);
  }
}
