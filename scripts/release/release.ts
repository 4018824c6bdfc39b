/**
 * A release, step by step; each step stops it, and only the last one changes what users get:
 *
 *   verify    canonical manifest, digests and golden vectors, in workerd on this machine
 *   compare   the figures of the manifest are not below those of the active version
 *   ask       the base model answers with its adapters as well as the manifest says, where it is at hand
 *   upload    what the bucket lacks, and the signature, if there is one; nothing that a registered bundle may use is overwritten
 *   register  the endpoint reads every file back from the bucket and verifies it
 *   try       an adapter made by the endpoint with this very bundle has the golden weights
 *   activate  the version answers to its name, unless another one than was compared with is active by
 *             now; the one before is remembered. A canary answers for a part of the descriptions
 */
import { WEIGHTS_FILE } from '../../src/adapter/peft.ts';
import { readSafetensors } from '../../src/adapter/safetensors.ts';
import { unpackOutput } from '../../src/adapter/unpack.ts';
import { bundlePath } from '../../src/bundle/bundle.ts';
import type { SigningKey } from '../../src/bundle/sign.ts';
import { SIGNATURE_FILE } from '../../src/bundle/signature.ts';
import { sha256Hex } from '../../src/contract/adapter-id.ts';
import { T2lError } from '../../src/contract/errors.ts';
import { sidesOf } from '../../src/output/kinds.ts';
import type { HypernetDocument, T2lClient } from '../../src/sdk/index.ts';
import { changeOf } from './changes.ts';
import { cosine, thinned } from './compare.ts';
import { requireFigures } from './figures.ts';
import { type BundleFolder, readBundleFile, readBundleFolder, SHARED_PREFIX } from './folder.ts';
import { float32Row } from './golden-vectors.ts';
import { askQuestions } from './questions.ts';
import { signatureOf } from './signing.ts';
import type { ReleaseTarget } from './target.ts';
import { startVerifier } from './verify.ts';
import type { VerifyReport } from './verify-worker.ts';

/**
 * Least cosine between the tried adapter's weights and the golden ones. Another network, or another
 * input, gives far less; int8 graphs, float16 and an encoder that runs elsewhere cost far less.
 */
const MIN_TRIAL_COSINE = 0.99;
/** Uploaded files that are named in the log. */
const NAMED_FILES = 6;

/** How to release. */
export interface ReleaseOptions {
  readonly directory: string;
  /** Called when the bundle is verified: a broken one does not even open the target. */
  readonly openTarget: () => Promise<ReleaseTarget>;
  readonly log: (line: string) => void;
  /** Release it although it was measured worse than the active version, or answers worse than it says. */
  readonly force?: boolean;
  /** One line for the history. */
  readonly reason?: string | undefined;
  /** Signs the manifest; without it a signature that lies in the folder is taken, if one does. */
  readonly key?: SigningKey | undefined;
  /** Part of the descriptions that it is to answer for as a canary, in place of being active. */
  readonly canary?: number | undefined;
}

/** What a release did. */
export interface ReleaseResult {
  readonly name: string;
  readonly version: string;
  readonly digest: string;
  readonly uploaded: readonly string[];
  readonly previous: string | null;
}

/** Verifies, uploads, registers, tries and activates a bundle. */
export async function releaseBundle(options: ReleaseOptions): Promise<ReleaseResult> {
  const { directory, openTarget, log, force = false, reason, key, canary } = options;
  const folder = await readBundleFolder(directory);
  const { name, version, digest } = folder;
  log(`${name} ${version}, digest ${digest}`);
  const report = await verify(folder);
  log(`verified in workerd: ${report.files} files, ${JSON.stringify(report.golden)}`);
  const target = await openTarget();
  try {
    const known = await findHypernet(target.client, name);
    refuseTakenVersion(known, folder);
    log(compare(known, folder, force));
    const active = known?.versions.find(({ digest }) => digest === known.active);
    log(await askQuestions(folder, active, force));
    const signature = await signatureOf(folder, key);
    const uploaded = [
      ...(await uploadSignature(target, folder, signature)),
      ...(await upload(target, folder)),
    ];
    log(uploadedLine(uploaded));
    await target.client.register({ name, version, digest });
    log('registered');
    const worst = await tryBundle(target.client, folder);
    log(`tried: cosine to the golden weights ${worst.toFixed(5)}`);
    // What is active must be what was compared with: two releases at once must not pass each other.
    const expected = known?.active ?? null;
    const change = { digest, expected, reason };
    const { previous } =
      canary === undefined
        ? await target.client.activate(name, change)
        : await target.client.startCanary(name, { ...change, percent: canary });
    log(
      canary === undefined
        ? `active; before it was ${previous ?? 'none'}`
        : `answers for ${canary} % of the descriptions; active is ${expected ?? 'none'}`,
    );
    if (reason !== undefined) {
      log(`noted: ${reason}`);
    }
    return { name, version, digest, uploaded, previous };
  } finally {
    await target.close();
  }
}

/** A bundle in chunks has dozens of files: the first ones and their number will do. */
function uploadedLine(uploaded: readonly string[]): string {
  if (uploaded.length === 0) {
    return 'nothing to upload';
  }
  const more = uploaded.length - NAMED_FILES;
  const named = uploaded.slice(0, NAMED_FILES).join(', ');
  return more > 0 ? `uploaded ${named} and ${more} more` : `uploaded ${named}`;
}

async function verify(folder: BundleFolder): Promise<VerifyReport> {
  const verifier = await startVerifier();
  try {
    return await verifier.verify(folder);
  } finally {
    await verifier.close();
  }
}

function refuseTakenVersion(known: HypernetDocument | undefined, folder: BundleFolder): void {
  const taken = known?.versions.find(({ version }) => version === folder.version);
  if (taken !== undefined && taken.digest !== folder.digest) {
    throw new T2lError(
      'hypernet_version_taken',
      `${folder.name} ${folder.version} is registered with digest ${taken.digest}; ` +
        'versions never change, export a new one.',
    );
  }
}

/** Refuses figures below those of the active version; says how they compare. */
function compare(
  known: HypernetDocument | undefined,
  { version, manifest }: BundleFolder,
  force: boolean,
): string {
  if (known === undefined || known.active === null) {
    return 'figures: no version is active to compare with';
  }
  // A version whose manifest is lost is not in the list; releasing another one is the way out.
  const active = known.versions.find(({ digest }) => digest === known.active);
  return active === undefined
    ? `figures: the active version, ${known.active}, cannot be read`
    : requireFigures({ version, evaluation: manifest.evaluation }, active, force);
}

/** The hypernetwork of a name; undefined if the endpoint has none yet. */
async function findHypernet(
  client: T2lClient,
  name: string,
): Promise<HypernetDocument | undefined> {
  try {
    return await client.hypernet(name);
  } catch (error) {
    if (error instanceof T2lError && error.code === 'hypernet_unknown') {
      return undefined;
    }
    throw error;
  }
}

/** Uploads what is missing or, in a version that was never registered, different. */
async function upload({ bucket }: ReleaseTarget, { files }: BundleFolder): Promise<string[]> {
  const uploaded: string[] = [];
  for (const { key, path, sha256 } of files) {
    const existing = await bucket.read(key);
    if (existing !== null && (await sha256Hex(existing)) === sha256) {
      continue;
    }
    if (existing !== null && key.startsWith(SHARED_PREFIX)) {
      throw new T2lError(
        'object_taken',
        `${key} is in the bucket with other bytes, which other bundles may use; ` +
          'give the new encoder a folder of its own.',
      );
    }
    await bucket.write(key, await readBundleFile(path), sha256);
    uploaded.push(key);
  }
  return uploaded;
}

/** Uploads the signature, if the bucket has not that very one; another key may have signed before. */
async function uploadSignature(
  { bucket }: ReleaseTarget,
  folder: BundleFolder,
  signature: Uint8Array | null,
): Promise<string[]> {
  if (signature === null) {
    return [];
  }
  const path = bundlePath(folder, SIGNATURE_FILE);
  const sha256 = await sha256Hex(signature);
  const existing = await bucket.read(path);
  if (existing !== null && (await sha256Hex(existing)) === sha256) {
    return [];
  }
  await bucket.write(path, signature, sha256);
  return [path];
}

async function tryBundle(
  client: T2lClient,
  { manifest, files, digest }: BundleFolder,
): Promise<number> {
  const { golden } = manifest;
  const goldenFile = files.find(({ key }) => key.endsWith(`/${golden.file}`));
  const tensors = readSafetensors(await readBundleFile(goldenFile?.path ?? golden.file));
  // A service that encodes is the endpoint's affair: what is tried is the hypernetwork.
  const input =
    manifest.encoder.kind === 'onnx'
      ? { description: golden.descriptions[0] }
      : { embedding: [...float32Row(tensors, 'embedding', 0)] };
  const adapter = await client.generate({ ...input, hypernet: digest });
  const { target } = manifest;
  const weights = unpackOutput(await client.download(adapter, WEIGHTS_FILE), target);
  let worst = 1;
  for (const module of target.modules) {
    for (const { name: side } of sidesOf(target, module)) {
      const { name } = module;
      const actual = thinned(weights.get(name)?.[side] ?? new Float32Array(0), golden.limit);
      const expected = float32Row(tensors, `${name}.${side}`, 0);
      const found = cosine(changeOf(side, actual), changeOf(side, expected));
      if (!(found >= MIN_TRIAL_COSINE)) {
        throw new T2lError(
          'trial_failed',
          `${side} of ${name} in the adapter that the endpoint made has cosine ${found.toFixed(4)} ` +
            `to the golden weights; required is ${MIN_TRIAL_COSINE}.`,
        );
      }
      worst = Math.min(worst, found);
    }
  }
  return worst;
}
