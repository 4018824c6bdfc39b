/** `t2l keys`: the keys that bundles are signed with. */
import { writeFile } from 'node:fs/promises';
import { newPrivateKey, readPrivateKey } from '../../bundle/sign.ts';
import { T2lError } from '../../contract/errors.ts';
import { isCode } from '../../local/whole-file.ts';
import type { Context } from '../options.ts';
import { pairs } from '../output.ts';

/** For its owner's eyes only. */
const PRIVATE = 0o600;

/** Writes a new private key where nothing is, and prints the public one. */
export async function newKey(file: string, { output }: Context): Promise<void> {
  const pem = await newPrivateKey();
  const { id, publicKey } = await readPrivateKey(pem);
  try {
    await writeFile(file, pem, { flag: 'wx', mode: PRIVATE });
  } catch (error) {
    throw refusal(error, file);
  }
  output.result({ public_key: publicKey, id, file }, () =>
    pairs([
      ['public key', publicKey],
      ['id', id],
      ['private key', `in ${file}, for nobody else`],
    ]),
  );
}

function refusal(error: unknown, file: string): unknown {
  if (isCode(error, 'EEXIST')) {
    return new T2lError(
      'key_file_taken',
      `There is something at ${file}, and a key is never written over; choose another name.`,
    );
  }
  return isCode(error, 'ENOENT')
    ? new T2lError('usage_invalid', `${file} must lie in a folder that exists.`)
    : error;
}
