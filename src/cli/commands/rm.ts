/** `t2l rm`: adapters and their files, removed here or at the endpoint. */
import { T2lError } from '../../contract/errors.ts';
import type { AdapterDocument } from '../../sdk/index.ts';
import { exitCodeOf } from '../exit-codes.ts';
import { Interruption } from '../interruption.ts';
import type { Context } from '../options.ts';
import { columns, fail, problemOf } from '../output.ts';
import { endpointOf, openService } from '../service.ts';

/** Removes adapters; what cannot be removed is said, and the others are removed all the same. */
export async function remove(
  ids: readonly string[],
  { refuse }: { readonly refuse?: boolean },
  context: Context,
): Promise<void> {
  const { options, output, signal } = context;
  if (refuse && endpointOf(options) === undefined) {
    throw new T2lError(
      'usage_invalid',
      '--refuse is for an endpoint: name it with --endpoint, or in T2L_ENDPOINT.',
    );
  }
  const service = await openService(options);
  // By id, so that an adapter that is named twice is removed once.
  const found = new Map<string, AdapterDocument>();
  const removed: AdapterDocument[] = [];
  const failed: { id: string; error: unknown }[] = [];

  async function orFail(id: string, work: () => Promise<void>): Promise<void> {
    try {
      await work();
    } catch (error) {
      if (!(error instanceof T2lError)) {
        throw error;
      }
      failed.push({ id, error: withToken(error) });
    }
  }

  try {
    for (const id of ids) {
      await orFail(id, async () => {
        const document = await service.adapter(id, { signal });
        found.set(document.id, document);
      });
    }
    for (const [id, document] of found) {
      signal.throwIfAborted();
      await orFail(id, async () => {
        await service.remove(id, { signal, refuse });
        removed.push(document);
      });
    }
  } catch (error) {
    throw signal.aborted ? new Interruption(`${removed.length} removed`) : error;
  }

  const listed = removed.map(({ id, description }) => ({ id, description }));
  const problems = failed.map(({ id, error }) => ({ id, error: problemOf(error) }));
  if (options.json || removed.length > 0) {
    output.result({ removed: listed, failed: problems }, () =>
      columns(listed.map(({ id, description }) => ['removed', id, description ?? '(embedding)'])),
    );
  }
  for (const { error } of failed) {
    fail(error, options.json === true);
  }
  if (failed.length > 0) {
    process.exitCode = exitCodeOf(failed[0]?.error);
  }
}

/** The endpoint speaks of a header; here the token has another place. */
function withToken(error: T2lError): T2lError {
  return error.code === 'admin_token_missing'
    ? new T2lError(error.code, "Removing needs the endpoint's admin token, in T2L_TOKEN.")
    : error;
}
