/**
 * The adapters that an address names: `/#<id>`, and `/#<id>,<id>` for two that are compared. Whoever opens
 * the address sees them, because an adapter's document says everything that the page shows.
 */
import { ID_PREFIX } from '../contract/requests/names.ts';

/** Ids, one for each adapter that is shown: none, one or two. */
export function idsOf(hash: string): readonly string[] {
  return hash
    .replace(/^#/, '')
    .toLowerCase()
    .split(',')
    .filter((id) => ID_PREFIX.test(id))
    .slice(0, 2);
}

/** The other direction; ids that are undefined are left out. */
export function hashOf(ids: readonly (string | undefined)[]): string {
  return `#${ids.filter((id) => id !== undefined).join(',')}`;
}
