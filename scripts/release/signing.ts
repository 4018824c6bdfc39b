/**
 * The signature of a release. The private key comes from a file or from the environment, never from the
 * command line, which other people of the machine and its history can read.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { readPrivateKey, type SigningKey } from '../../src/bundle/sign.ts';
import { SIGNATURE_FILE } from '../../src/bundle/signature.ts';
import { readIfThere } from '../../src/local/whole-file.ts';
import { Refusal } from '../command.ts';
import { type BundleFolder, readBundleFile } from './folder.ts';

/** The variable that holds a private key, as its PEM file does. */
const VARIABLE = 'T2L_SIGNING_KEY';

/**
 * The key to sign with: of a file, else of the environment; undefined if there is none.
 *
 * @throws T2lError `signing_key_invalid`
 */
export async function signingKey(
  file: string | undefined,
  environment: NodeJS.ProcessEnv,
): Promise<SigningKey | undefined> {
  const pem = file === undefined ? environment[VARIABLE] : await readKeyFile(file);
  return pem ? readPrivateKey(pem) : undefined;
}

/** The signature of a bundle: made with the key, else the one that lies in its folder, if one does. */
export async function signatureOf(
  { directory, files }: BundleFolder,
  key: SigningKey | undefined,
): Promise<Uint8Array | null> {
  const manifest = files.at(-1);
  if (key !== undefined && manifest !== undefined) {
    return key.sign(await readBundleFile(manifest.path));
  }
  return readIfThere(join(directory, SIGNATURE_FILE));
}

async function readKeyFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    throw new Refusal(`The key at ${file} cannot be read (${(error as Error).message}).`);
  }
}
