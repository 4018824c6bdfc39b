/**
 * The bundles that lie among the static assets, as `hypernets/index.json` lists them. They need no row,
 * so a fresh deployment works before anything was registered.
 */
import * as z from 'zod';
import type { BundleSource } from '../bundle/bundle.ts';
import { T2lError } from '../contract/errors.ts';
import type { HypernetVersion } from './families.ts';

const INDEX_PATH = 'index.json';

const indexSchema = z.object({
  default: z.string(),
  bundles: z.array(z.object({ name: z.string(), version: z.string(), digest: z.string() })),
});

/** What the index says. */
export interface BuiltIn {
  /** The name that answers when a request names none. */
  readonly defaultName: string;
  readonly versions: readonly HypernetVersion[];
}

/** Reads the index. */
export async function readBuiltIn(source: BundleSource): Promise<BuiltIn> {
  const bytes = await source.read(INDEX_PATH);
  if (bytes === null) {
    throw new T2lError('bundle_missing_file', `The asset hypernets/${INDEX_PATH} is missing.`, {
      status: 500,
    });
  }
  const index = indexSchema.parse(JSON.parse(new TextDecoder().decode(bytes)));
  return {
    defaultName: index.default,
    versions: index.bundles.map((bundle) => ({
      ...bundle,
      origin: 'built-in',
      registeredAt: null,
    })),
  };
}
