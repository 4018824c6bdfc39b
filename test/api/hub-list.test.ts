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

test('a list says of each model what was asked for and no more', async () => {
  async function keys(query: string): Promise<string[]> {
    const [first = {}] = (await json(server, `/api/models?limit=1${query}`)) as object[];
    return Object.keys(first).sort();
  }
  expect(await keys('&expand=likes&expand[]=tags')).toEqual(['_id', 'id', 'likes', 'tags']);
  expect(await keys('&expand=sha,cardData')).toEqual(['_id', 'cardData', 'id', 'sha']);
  const brief = await keys('');
  expect(brief).toEqual(expect.arrayContaining(['id', 'tags', 'downloads', 'createdAt']));
  for (const heavy of ['siblings', 'cardData', 'config', 'sha']) {
    expect(brief).not.toContain(heavy);
  }
  expect(await keys('&full=True')).toEqual(expect.arrayContaining(['siblings', 'sha', 'author']));
  expect(await keys('&cardData=True&config=True')).toEqual(
    expect.arrayContaining(['cardData', 'config']),
  );
});

test('a list is empty where nothing can match', async () => {
  const parameters = adapter.parameters;
  for (const [query, some] of [
    ['gated=true', false],
    ['gated=False', true],
    ['apps=vllm&apps=ollama', false],
    ['inference=warm', false],
    ['inference_provider=all', false],
    ['num_parameters=min:6B,max:128B', false],
    ['num_parameters=', true],
    ['num_parameters=min:0.1k,', true],
    [`num_parameters=min:${parameters}`, true],
    [`num_parameters=min:1,max:${parameters}`, true],
    [`num_parameters=max:${parameters - 1}`, false],
    ['filter=license:apache-2.0', true],
    ['filter=license:gpl-3.0', false],
    ['filter=license:apache-2.0&num_parameters=min:1T', false],
    ['filter=dataset:squad', false],
  ] as const) {
    const models = (await json(server, `/api/models?${query}`)) as unknown[];
    expect([query, models.length > 0]).toEqual([query, some]);
  }
  for (const [query, code] of [
    ['gated=-1', 'flag_malformed'],
    ['num_parameters=many', 'parameters_malformed'],
  ]) {
    const response = await server.fetch(`/api/models?${query}`);
    expect([response.status, await response.json()]).toMatchObject([400, { code }]);
  }
});
