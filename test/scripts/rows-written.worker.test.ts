/** What making an adapter writes to D1, as D1 counts it for its bill: what the costs are reckoned with. */
import { env } from 'cloudflare:test';
import { expect, test } from 'vitest';
import { ROWS } from '../../scripts/costs/prices.ts';
import { adapterStore } from '../../src/store/adapters.ts';
import { quotaStore } from '../../src/store/quotas.ts';
import { useStore } from '../../src/store/uses.ts';
import { adapterRow, idOf } from '../store/row.ts';

/** A database that adds up the rows that its statements wrote. */
function counted(database: D1Database): { database: D1Database; written(): number } {
  let rows = 0;
  function add<T>(result: D1Result<T>): D1Result<T> {
    rows += result.meta.rows_written;
    return result;
  }
  function prepared(statement: D1PreparedStatement): D1PreparedStatement {
    return new Proxy(statement, {
      get(target, name) {
        if (name === 'bind') {
          return (...values: unknown[]) => prepared(target.bind(...values));
        }
        if (name === 'run' || name === 'all') {
          return async () => add(await target[name]());
        }
        const member: unknown = Reflect.get(target, name);
        return typeof member === 'function' ? member.bind(target) : member;
      },
    });
  }
  return {
    database: { prepare: (sql: string) => prepared(database.prepare(sql)) } as D1Database,
    written: () => rows,
  };
}

test('an adapter, its use and the count of the day write as many rows as the costs say', async () => {
  const { database, written } = counted(env.DB);
  const id = idOf('c');
  const description = 'count the words.';
  await adapterStore(database).insert(adapterRow({ id, description, searchText: description }));
  const adapter = written();
  await useStore(database).stored(id, 100, 'somebody', '2026-08-31');
  const use = written() - adapter;
  await quotaStore(database).take('somebody', 10, 0);
  expect({ adapter, use, quota: written() - adapter - use }).toEqual(ROWS);
});
