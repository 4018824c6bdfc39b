import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createApp } from '../../src/api/app.ts';
import { REQUEST_EXAMPLES, RESPONSE_EXAMPLES } from '../../src/api/docs/examples.ts';
import {
  adapterPageSchema,
  adapterSchema,
  healthSchema,
  hypernetListSchema,
  hypernetSchema,
} from '../../src/api/documents.ts';
import { modelInfoSchema, refsSchema } from '../../src/api/hub/documents.ts';
import {
  activateHypernetSchema,
  createAdapterSchema,
  registerHypernetSchema,
} from '../../src/api/requests.ts';
import { honoPath } from '../../src/api/route.ts';
import { ERROR_CODES, type ErrorCode, isErrorCode } from '../../src/error-codes.ts';
import { startServer, type TestServer } from '../server.ts';

const SOURCES = join(import.meta.dirname, '../../src');
/** Programs of ours that are no part of the endpoint; their errors reach nobody over HTTP. */
const PROGRAMS = /^(cli|local|publish|sdk)\//;
/** Codes that any path may answer with, and one of tools that read files from disk. */
const GENERAL: readonly ErrorCode[] = [
  'route_unknown',
  'method_not_allowed',
  'safetensors_invalid',
];

interface Media {
  readonly schema?: { readonly $ref?: string; readonly items?: { readonly $ref?: string } };
  readonly examples?: Record<string, { readonly $ref?: string; readonly value?: unknown }>;
}
interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly requestBody?: { readonly content: Record<string, Media> };
  readonly responses: Record<
    string,
    { readonly content?: Record<string, Media>; readonly headers: object }
  >;
}
interface OpenApi {
  readonly openapi: string;
  readonly tags: readonly { readonly name: string }[];
  readonly paths: Record<string, Record<string, Operation>>;
  readonly components: {
    readonly schemas: Record<string, unknown>;
    readonly headers: Record<string, unknown>;
    readonly examples: Record<string, { readonly value: Record<string, unknown> }>;
  };
}

let server: TestServer;
let document: OpenApi;
let operations: readonly Operation[];

beforeAll(async () => {
  server = await startServer();
  document = (await (await server.fetch('/openapi.json')).json()) as OpenApi;
  operations = Object.values(document.paths).flatMap((item) => Object.values(item));
});

afterAll(async () => {
  await server.close();
});

test('every route is described, and nothing else is', () => {
  expect(document.openapi).toBe('3.1.0');
  const routes = createApp().routes.filter(({ method }) => method !== 'ALL');
  const described = Object.entries(document.paths).flatMap(([path, item]) =>
    Object.keys(item).map((method) => `${method.toUpperCase()} ${honoPath(path)}`),
  );
  expect(described.length).toBeGreaterThan(10);
  expect([...new Set(described)].sort()).toEqual(
    [...new Set(routes.map(({ method, path }) => `${method} ${path}`))].sort(),
  );
});

test('every operation has a name of its own, a tag and a summary', () => {
  const names = operations.map(({ operationId }) => operationId);
  expect(new Set(names).size).toBe(names.length);
  const tags = document.tags.map(({ name }) => name);
  for (const { operationId, tags: own, summary } of operations) {
    expect([operationId, own.length, summary.length > 10]).toEqual([operationId, 1, true]);
    expect(tags).toContain(own[0]);
  }
});

test('every error that the endpoint throws is described, at its status', async () => {
  const codes = await codesOfTheEndpoint();
  expect(codes.length).toBeGreaterThan(50);
  for (const code of codes) {
    const described = operations
      .flatMap(({ responses }) => Object.entries(responses))
      .filter(([, response]) => JSON.stringify(response).includes(`"${code}"`))
      .map(([status]) => Number(status));
    if (!GENERAL.includes(code)) {
      expect([code, [...new Set(described)].sort()]).toEqual([
        code,
        [...ERROR_CODES[code][0]].sort(),
      ]);
    }
  }
});

test('every error has an example that is a problem document of its status', () => {
  let examples = 0;
  for (const { responses } of operations) {
    for (const [status, { content = {} }] of Object.entries(responses)) {
      const media = Object.entries(content).find(([type]) => type.endsWith('json'))?.[1];
      if (Number(status) >= 400) {
        for (const [code, { $ref = '' }] of Object.entries(media?.examples ?? {})) {
          const name = $ref.split('/').at(-1) ?? '';
          expect(document.components.examples[name]?.value, name).toMatchObject({
            type: `urn:t2l-edge:problem:${code}`,
            title: isErrorCode(code) && ERROR_CODES[code][1],
            status: Number(status),
            code,
            detail: expect.stringMatching(/^.{10,}\.$/s),
          });
          examples++;
        }
      }
    }
  }
  expect(examples).toBeGreaterThan(100);
});

test('every JSON body has an example', () => {
  for (const { operationId, requestBody, responses } of operations) {
    for (const { content } of [requestBody, ...Object.values(responses)].filter((one) => !!one)) {
      const schema = content?.['application/json']?.schema;
      const name = (schema?.items ?? schema)?.$ref?.split('/').at(-1);
      if (name !== undefined && name !== 'Description') {
        const examples = content?.['application/json']?.examples ?? {};
        expect([operationId, name, Object.keys(examples).length > 0]).toEqual([
          operationId,
          name,
          true,
        ]);
      }
    }
  }
});

test('the examples are what the endpoint takes and gives', () => {
  const given = {
    Adapter: adapterSchema,
    AdapterPage: adapterPageSchema,
    Health: healthSchema,
    Hypernet: hypernetSchema,
    HypernetList: hypernetListSchema,
    HubModel: modelInfoSchema,
    HubRefs: refsSchema,
  };
  for (const [name, schema] of Object.entries(given)) {
    expect([name, schema.safeParse(RESPONSE_EXAMPLES[name]).error]).toEqual([name, undefined]);
  }
  const taken = {
    CreateAdapter: createAdapterSchema,
    RegisterHypernet: registerHypernetSchema,
    ActivateHypernet: activateHypernetSchema,
  };
  for (const [name, schema] of Object.entries(taken)) {
    for (const [summary, example] of Object.entries(REQUEST_EXAMPLES[name] ?? {})) {
      expect([summary, schema.safeParse(example).error]).toEqual([summary, undefined]);
    }
  }
});

test('every reference leads somewhere', () => {
  const text = JSON.stringify(document);
  const references = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/([^"]+)"/g)];
  expect(references.length).toBeGreaterThan(100);
  for (const [reference, kind = '', name = ''] of references) {
    const components = document.components as unknown as Record<string, object>;
    expect(components[kind], reference).toHaveProperty([name]);
  }
});

test('answers have the headers that the description promises', async () => {
  const made = await server.send('/v1/adapters', { description: 'Reverse the list' });
  const { id, files } = (await made.json()) as { id: string; files: Record<string, object> };
  const answers = {
    createAdapter: made,
    listAdapters: await server.fetch('/v1/adapters'),
    readAdapter: await server.fetch(`/v1/adapters/${id}`),
    readAdapterFile: await server.fetch(`/v1/adapters/${id}/${Object.keys(files)[0]}`, {
      headers: { range: 'bytes=0-9' },
    }),
    readHypernet: await server.fetch('/v1/hypernets/nobody'),
    deleteAdapter: await server.fetch(`/v1/adapters/${id}`, { method: 'DELETE' }),
  };
  for (const [name, response] of Object.entries(answers)) {
    const operation = operations.find(({ operationId }) => operationId === name);
    const promised = Object.keys(operation?.responses[response.status]?.headers ?? {});
    expect(promised).toContain('Server-Timing');
    for (const header of promised) {
      expect([name, header, response.headers.has(header)]).toEqual([name, header, true]);
    }
  }
  expect(answers.readAdapterFile.status).toBe(206);
  expect(answers.deleteAdapter.status).toBe(401);
});

test('every code that the sources throw is in the table, with its status', async () => {
  const names = await readdir(SOURCES, { recursive: true });
  let found = 0;
  for (const name of names.filter((one) => one.endsWith('.ts'))) {
    const source = await readFile(join(SOURCES, name), 'utf8');
    for (const [, code = '', status] of thrown(source)) {
      found++;
      expect([name, code, isErrorCode(code)]).toEqual([name, code, true]);
      if (status !== undefined && isErrorCode(code)) {
        expect(ERROR_CODES[code][0], `${name}: ${code}`).toContain(Number(status));
      }
    }
  }
  expect(found).toBeGreaterThan(20);
});

test('the index leads on, and reads are open to other sites but administration is not', async () => {
  const index = await server.fetch('/');
  expect(await index.json()).toMatchObject({
    openapi: '/openapi.json',
    docs: '/docs',
    health: '/healthz',
  });
  const preflight = await server.fetch('/v1/hypernets', {
    method: 'OPTIONS',
    headers: { origin: 'https://elsewhere.example', 'access-control-request-method': 'DELETE' },
  });
  expect(preflight.headers.get('access-control-allow-methods')).toBe('GET,HEAD');
});

function thrown(source: string): Iterable<RegExpExecArray> {
  return source.matchAll(/new T2lError\(\s*'([a-z0-9_]+)',\s*(\d+)?/g);
}

/** Every code that the sources of the endpoint name. */
async function codesOfTheEndpoint(): Promise<readonly ErrorCode[]> {
  const names = await readdir(SOURCES, { recursive: true });
  const sources = await Promise.all(
    names
      .filter((name) => name.endsWith('.ts') && !PROGRAMS.test(name))
      .map((name) => readFile(join(SOURCES, name), 'utf8')),
  );
  const text = sources.join('\n');
  return Object.keys(ERROR_CODES)
    .filter(isErrorCode)
    .filter((code) => text.includes(`'${code}'`));
}
