/** What lies in the stores, whatever the endpoint says of it. */
import type { Env } from '../../src/env.ts';

/** The ids of adapters in each place. */
export interface Stored {
  /** Those with objects in R2, */
  readonly objects: readonly string[];
  /** with a row, */
  readonly rows: readonly string[];
  /** with a note of their use, */
  readonly uses: readonly string[];
  /** and with a note of another layout. */
  readonly layouts: readonly string[];
}

/** Reads all of it. */
export async function storedIn({ ADAPTERS, DB }: Env): Promise<Stored> {
  const { objects } = await ADAPTERS.list({ prefix: 'adapters/' });
  async function idsOf(query: string): Promise<string[]> {
    const { results } = await DB.prepare(query).all<{ id: string }>();
    return results.map(({ id }) => id);
  }
  return {
    objects: [...new Set(objects.map(({ key }) => key.split('/')[1] ?? ''))],
    rows: await idsOf('SELECT id FROM adapters'),
    uses: await idsOf('SELECT adapter_id AS id FROM uses'),
    layouts: await idsOf('SELECT DISTINCT adapter_id AS id FROM layouts'),
  };
}
