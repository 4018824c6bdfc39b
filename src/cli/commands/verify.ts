/**
 * `t2l verify`: whether a folder's files are those of its adapter. Without an id the folder's own
 * `t2l.json` says what they must be; with one, the endpoint or this machine's store does. A card may be
 * worded anew, so it must only be as it was written.
 */
import { join } from 'node:path';
import { sha256Hex } from '../../contract/adapter-id.ts';
import { T2lError } from '../../contract/errors.ts';
import { readIfThere } from '../../local/whole-file.ts';
import type { AdapterDocument } from '../../sdk/index.ts';
import { readLayout } from '../adapter-files.ts';
import { EXIT } from '../exit-codes.ts';
import { DOCUMENT_FILE, type FolderRecord, readRecord } from '../folder.ts';
import type { Context } from '../options.ts';
import { columns } from '../output.ts';
import { openService } from '../service.ts';

type Expected = Readonly<Record<string, string>>;
type Verdict = 'ok' | 'missing' | 'changed';

/** Checks a folder; files that differ make exit code 1. */
export async function verify(
  directory: string,
  id: string | undefined,
  context: Context,
): Promise<void> {
  const expected = await expectedOf(directory, id, context);
  const files: Record<string, Verdict> = {};
  for (const [name, sha256] of Object.entries(expected.files)) {
    const bytes = await readIfThere(join(directory, name));
    files[name] =
      bytes === null ? 'missing' : (await sha256Hex(bytes)) === sha256 ? 'ok' : 'changed';
  }
  const ok = Object.values(files).every((verdict) => verdict === 'ok');
  context.output.result({ id: expected.id, ok, files }, () => [
    ...columns(Object.entries(files).map(([name, verdict]) => [verdict, name])),
    ok
      ? `these are the files of ${expected.id}`
      : context.output.style('red', `these are not the files of ${expected.id}`),
  ]);
  if (!ok) {
    process.exitCode = EXIT.failed;
  }
}

async function expectedOf(
  directory: string,
  id: string | undefined,
  { options, signal }: Context,
): Promise<{ id: string; files: Expected }> {
  const record = await readRecord(directory);
  if (id === undefined) {
    if (record === undefined) {
      throw new T2lError(
        'folder_unknown',
        `${directory} has no ${DOCUMENT_FILE} of t2l; name the adapter: t2l verify DIR ID.`,
      );
    }
    return { id: record.id, files: expectedFiles(record, record.files) };
  }
  const service = await openService(options);
  const document = await service.adapter(id, { signal });
  const layout = record?.layout ?? 'peft';
  if (layout === 'peft') {
    return { id: document.id, files: expectedFiles(record, document.files) };
  }
  const files: Record<string, string> = {};
  for (const [name, bytes] of await readLayout(service, document, layout, signal)) {
    files[name] = await sha256Hex(bytes);
  }
  return { id: document.id, files };
}

/** Where the document names a hash, it and not the record of the writing counts. */
function expectedFiles(
  record: FolderRecord | undefined,
  named: AdapterDocument['files'],
): Expected {
  const plain = record === undefined || record.layout === 'peft';
  const files = { ...record?.written, ...(plain && named) };
  return Object.fromEntries(Object.entries(files).map(([name, { sha256 }]) => [name, sha256]));
}
