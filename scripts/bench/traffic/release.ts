/**
 * A release in the middle of the traffic: a second version of t2l-mini is uploaded and registered, answers for
 * a fifth of the descriptions, then for all of them, and is taken back.
 */
import { readFile } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { sha256Hex } from '../../../src/contract/adapter-id.ts';
import { builtInBundles } from '../../built-in.ts';
import { type BundleFolder, readBundleFolder } from '../../release/folder.ts';
import type { TrafficEndpoint } from '../traffic-endpoint.ts';
import { answerOf } from './reads.ts';
import type { Writing } from './writes.ts';

const NAME = 't2l-mini';
const VERSION = '99.0.0';
const CANARY_PERCENT = 20;

/**
 * Releases and takes back, each step when its share of the time is over.
 *
 * @param ms how long the traffic goes on
 */
export async function releaseMeanwhile(
  { bundles }: Pick<TrafficEndpoint, 'bundles'>,
  { client, tally, admin }: Pick<Writing, 'client' | 'tally' | 'admin'>,
  ms: number,
): Promise<void> {
  const folder = await shippedMini();
  await sleep(ms * 0.15);
  const digest = await upload(folder, bundles);
  const steps: readonly [
    step: string,
    share: number,
    method: string,
    path: string,
    json: object,
  ][] = [
    ['register', 0.05, 'POST', '', { name: NAME, version: VERSION, digest }],
    ['canary', 0.05, 'PUT', `/${NAME}/canary`, { version: VERSION, percent: CANARY_PERCENT }],
    ['promote', 0.25, 'PUT', `/${NAME}/active`, { version: VERSION, expected: folder.digest }],
    ['roll back', 0.25, 'PUT', `/${NAME}/active`, { rollback: true, expected: digest }],
  ];
  for (const [step, share, method, path, json] of steps) {
    await sleep(ms * share);
    const answer = await client.ask({ method, path: `/v1/hypernets${path}`, headers: admin, json });
    tally.add(`release: ${step}`, answer.ms, answerOf(answer));
    if (answer.status >= 300) {
      tally.unexplained.push(`release, ${step}: ${answerOf(answer)} ${answer.body.toString()}`);
    }
  }
}

async function shippedMini(): Promise<BundleFolder> {
  const folders = await Promise.all((await builtInBundles()).map(readBundleFolder));
  return folders.find(({ name }) => name === NAME) as BundleFolder;
}

/** Puts the bundle into the bucket under another version; gives its digest. */
async function upload(
  { name, version, files }: BundleFolder,
  bundles: TrafficEndpoint['bundles'],
): Promise<string> {
  let digest = '';
  for (const { key, path } of files) {
    let bytes: Uint8Array = await readFile(path);
    if (key.endsWith('/manifest.json')) {
      const text = Buffer.from(bytes).toString();
      bytes = Buffer.from(text.replace(`"version":"${version}"`, `"version":"${VERSION}"`));
      digest = await sha256Hex(bytes);
    }
    await bundles.put(key.replace(`${name}/${version}/`, `${name}/${VERSION}/`), bytes);
  }
  return digest;
}
