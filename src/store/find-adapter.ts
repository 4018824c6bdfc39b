/** The row that people name: by the id of an adapter, or by enough of its first digits. */
import { T2lError } from '../contract/errors.ts';
import { canonicalId, ID_PREFIX, parseAdapterId } from '../contract/requests/names.ts';
import type { AdapterStore } from './adapters.ts';
import type { AdapterRow } from './schema.ts';

type Rows = Pick<AdapterStore, 'get' | 'findByPrefix'>;

/**
 * The row of an id or of a unique prefix of one.
 *
 * @throws T2lError `adapter_id_malformed`, `adapter_prefix_ambiguous`, or `adapter_unknown`
 */
export async function findAdapter(adapters: Rows, text: string): Promise<AdapterRow> {
  const { id, whole } = parseAdapterId(text);
  const [row, another] = whole ? [await adapters.get(id)] : await adapters.findByPrefix(id);
  if (another !== undefined) {
    throw new T2lError(
      'adapter_prefix_ambiguous',
      `Several adapter ids begin with ${id}; send more digits.`,
    );
  }
  if (row === undefined) {
    throw new T2lError('adapter_unknown', `There is no adapter ${id} here; generating makes one.`);
  }
  return row;
}

/** The rows, two at most, that a text names if it is an id or the beginning of one. */
export async function adaptersNamed(adapters: Rows, text: string): Promise<readonly AdapterRow[]> {
  const id = canonicalId(text);
  return ID_PREFIX.test(id) ? adapters.findByPrefix(id) : [];
}
