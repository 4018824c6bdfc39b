import { afterAll, beforeAll, expect, test } from 'vitest';
import type { TestServer } from '../server.ts';
import { type AdapterDocument, json, make, serveRepository } from './hub-repository.ts';

let server: TestServer;
let adapter: AdapterDocument;
let repository: string;

beforeAll(async () => {
  ({ server, adapter, repository } = await serveRepository());
});

afterAll(async () => {
  await server.close();
});

test('the list of models is paged and narrowed', async () => {
  const others = [
    await make(server, 'Keep the first word'),
    await make(server, 'Keep the last word'),
  ];
  const ids = [repository, ...others.map((one) => one.repository)].sort();
  const seen: string[] = [];
  let next: string | undefined = `${server.origin}/api/models?author=t2l&limit=2&sort=lastModified`;
  let pages = 0;
  while (next !== undefined) {
    const response: Response = await fetch(next);
    seen.push(...((await response.json()) as { id: string }[]).map(({ id }) => id));
    next = /^<(http[^>]+)>; rel="next"$/.exec(response.headers.get('link') ?? '')?.[1];
    pages++;
  }
  expect([pages, seen.toSorted()]).toEqual([2, ids]);

  async function found(query: string): Promise<string[]> {
    const models = (await json(server, `/api/models?${query}`)) as { id: string }[];
    return models.map(({ id }) => id).sort();
  }
  expect(await found('limit=1000')).toEqual(ids);
  expect(await found('search=reverse')).toEqual([repository]);
  expect(await found(`search=${repository.slice(0, 20)}`)).toEqual([repository]);
  expect(await found(`filter=peft&filter=base_model:adapter:${adapter.base_model}`)).toEqual(ids);
  expect(await found('filter=base_model:other/model')).toEqual([]);
  expect(await found('filter=gguf')).toEqual([]);
  expect(await found('pipeline_tag=text-generation&library=peft')).toEqual(ids);
  expect(await found('author=somebody')).toEqual([]);
  for (const [query, code] of [
    ['limit=0', 'limit_out_of_range'],
    ['sort=colour', 'sort_unknown'],
    ['direction=1', 'sort_unknown'],
    ['cursor=abc', 'cursor_malformed'],
  ]) {
    const response = await server.fetch(`/api/models?${query}`);
    expect([query, response.status]).toEqual([query, 400]);
    expect(await response.json()).toMatchObject({ code, error: expect.any(String) });
  }
});
