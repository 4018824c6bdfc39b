/** Bundles for registration tests: the default one with another version, or broken on purpose. */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { type Manifest, parseManifest } from '../src/bundle/manifest.ts';
import type { Env } from '../src/env.ts';

const HYPERNETS = join(import.meta.dirname, '../src/assets/hypernets');

/** A bundle by all its names. */
export interface BundleName {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
}

/** A bundle that ships, and its manifest. */
export type BuiltInBundle = BundleName & { readonly manifest: Manifest };

/** The bundle that answers when a request names none. */
export function defaultBundle(): Promise<BuiltInBundle> {
  return builtInBundle();
}

/** The bundle for the tiny base model that is served here. */
export function miniBundle(): Promise<BuiltInBundle> {
  return builtInBundle('t2l-mini');
}

async function builtInBundle(wanted?: string): Promise<BuiltInBundle> {
  const index = JSON.parse(await readFile(join(HYPERNETS, 'index.json'), 'utf8'));
  const bundle = index.bundles.findLast(
    ({ name }: BundleName) => name === (wanted ?? index.default),
  );
  const path = join(HYPERNETS, bundle.name, bundle.version, 'manifest.json');
  return { ...bundle, manifest: parseManifest(await readFile(path)) };
}

/**
 * Uploads a variation of a bundle, the default one unless told, that takes embeddings only, so that the encoder need not
 * be uploaded.
 *
 * @param change what to change in its manifest
 */
export async function uploadVariant(
  env: Env,
  version: string,
  change: (manifest: Record<string, unknown>) => void = () => {},
  of: Promise<BuiltInBundle> = defaultBundle(),
): Promise<BundleName> {
  const { name, version: original, manifest } = await of;
  const { files: _files, ...encoder } = manifest.encoder as Manifest['encoder'] & {
    files?: object;
  };
  const kept = Object.entries(manifest.files).filter(([file]) => !file.startsWith('encoders/'));
  const variant: Record<string, unknown> = {
    ...manifest,
    version,
    encoder: { ...encoder, kind: 'given' },
    files: Object.fromEntries(kept),
  };
  change(variant);
  for (const [file] of kept) {
    const bytes = await readFile(join(HYPERNETS, name, original, file));
    await env.HYPERNETS.put(`${name}/${version}/${file}`, bytes);
  }
  const bytes = Buffer.from(canonicalJson(variant));
  await env.HYPERNETS.put(`${name}/${version}/manifest.json`, bytes);
  return { name, version, digest: createHash('sha256').update(bytes).digest('hex') };
}

/**
 * Uploads a variation of t2l-mini that takes descriptions, with its encoder.
 *
 * @param change what to change in its manifest
 */
export async function uploadWithEncoder(
  env: Env,
  version: string,
  change: (manifest: Record<string, unknown>) => void = () => {},
): Promise<BundleName> {
  const { manifest } = await miniBundle();
  for (const file of Object.keys(manifest.files).filter((key) => key.startsWith('encoders/'))) {
    await env.HYPERNETS.put(file, await readFile(join(HYPERNETS, file)));
  }
  function whole(variant: Record<string, unknown>): void {
    variant.encoder = manifest.encoder;
    variant.files = manifest.files;
    change(variant);
  }
  return uploadVariant(env, version, whole, miniBundle());
}

function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_key, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  );
}
