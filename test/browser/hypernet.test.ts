/**
 * The hypernetwork in a real browser, on a page of another site than the endpoint's: its adapters are
 * the endpoint's, and what was fetched once is kept. Needs Chromium (Debian: `apt-get install
 * chromium`).
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { GenerateRequest } from '../../src/browser/index.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { defaultBundle, miniBundle, uploadVariant } from '../bundles.ts';
import { chunkedBundle } from '../fixtures/small-network.ts';
import { withCard } from '../fixtures/with-card.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { type PageGlobals, reload, type Site, startSite } from './hypernet-page.ts';
import { registerBundle } from './register-bundle.ts';

declare const t2l: PageGlobals['t2l'];
declare const codeOf: PageGlobals['codeOf'];
declare const kept: PageGlobals['kept'];
declare const told: PageGlobals['told'];

const DESCRIPTION = 'Reverse the order of the words.';
const headers = { authorization: `Bearer ${ADMIN_TOKEN}` };

let server: TestServer;
let site: Site;

beforeAll(async () => {
  server = await startServer();
  site = await startSite();
});

afterAll(async () => {
  await site?.close();
  await server?.close();
});

/** The endpoint's answer to the same request. */
async function fromEndpoint(request: object) {
  return withCard(adapterSchema.parse(await (await server.send('/v1/adapters', request)).json()));
}

/** Opens a hypernetwork in a page and makes adapters. */
function make(
  page: Page,
  options: { endpoint?: string; bundles?: string; name?: string; digest?: string },
  requests: readonly GenerateRequest[],
) {
  return page.evaluate(
    async ({ options, requests }) => {
      const hypernet = await t2l.openHypernet(options);
      const adapters = [];
      for (const request of requests) {
        adapters.push(told(await hypernet.generate(request)));
      }
      await hypernet.close();
      return adapters;
    },
    { options, requests },
  );
}

/** Paths that a page asks the endpoint for. */
function asked(page: Page): string[] {
  const paths: string[] = [];
  page.on('request', (request) => {
    const { origin, pathname } = new URL(request.url());
    if (origin === server.origin) {
      paths.push(pathname);
    }
  });
  return paths;
}

/** Names of the files that a page has kept. */
async function keptNames(page: Page): Promise<string[]> {
  const urls = await page.evaluate(() => kept());
  return urls.map((url) => url.split('/').at(-1) ?? '');
}

test("a page makes the endpoint's adapters, to the last bit", async () => {
  const page = await site.visit();
  const embedding = Array.from({ length: 384 }, (_, at) => Math.fround(Math.sin(at) / 14));
  const requests: GenerateRequest[] = [
    { description: DESCRIPTION },
    { description: '  Sort the   words ', dtype: 'float32', precision: 'float32', strength: 0.5 },
    { embedding, dtype: 'bfloat16', precision: 'int8' },
  ];
  const adapters = await make(page, { endpoint: server.origin }, requests);
  for (const [index, request] of requests.entries()) {
    const { id, files, fit, norms, parameters } = await fromEndpoint(request);
    const adapter = adapters[index];
    expect(adapter).toMatchObject({ id, device: 'wasm', fit, norms, parameters });
    const listed = adapter?.files.map(({ name, bytes, sha256 }) => [name, { bytes, sha256 }]);
    expect(Object.fromEntries(listed ?? [])).toMatchObject(
      Object.fromEntries(
        Object.entries(files).map(([name, { bytes, sha256 }]) => [name, { bytes, sha256 }]),
      ),
    );
  }
});

test('the description leaves the page in no request', async () => {
  const page = await site.visit();
  const sent: string[] = [];
  page.on('request', (request) => sent.push(request.url() + (request.postData() ?? '')));
  await make(page, { endpoint: server.origin }, [{ description: 'Confidential' }]);
  expect(sent.length).toBeGreaterThan(5);
  expect(sent.filter((text) => /confidential/i.test(text))).toEqual([]);
});

test('what was fetched once is kept, and works without the endpoint', async () => {
  const page = await site.visit();
  const { name, version, digest } = await defaultBundle();
  const first = asked(page);
  const [made] = await make(page, { endpoint: server.origin }, [{ description: DESCRIPTION }]);
  expect(first.filter((path) => path.includes('/resolve/')).length).toBe(5);
  await reload(page);
  const second = asked(page);
  const [again] = await make(page, { endpoint: server.origin }, [{ description: DESCRIPTION }]);
  expect(second).toEqual(['/v1/hypernets']);
  expect(again?.files).toEqual(made?.files);
  await reload(page);
  const third = asked(page);
  const pinned = { endpoint: server.origin, name: `${name}@${version}`, digest };
  expect((await make(page, pinned, [{ description: DESCRIPTION }]))[0]?.id).toBe(made?.id);
  expect(third).toEqual([]);
  await page.route(`${server.origin}/**`, (route) => route.abort());
  const offline = await make(page, { endpoint: server.origin }, [{ description: DESCRIPTION }]);
  expect(offline[0]?.id).toBe(made?.id);
});

test('says how much of every file has come', async () => {
  const page = await site.visit();
  const { manifest } = await defaultBundle();
  const told = await page.evaluate(async (endpoint) => {
    const last = new Map<string, unknown>();
    const progress = (state: { file: string }) => last.set(state.file, state);
    await (await t2l.openHypernet({ endpoint, progress })).close();
    return [...last];
  }, server.origin);
  const model = 'encoders/minilm-l6-t2l-2/model.int8.onnx';
  const size = manifest.files[model]?.bytes;
  expect(Object.fromEntries(told)[model]).toEqual({ file: model, loaded: size, total: size });
  expect(told.map(([file]) => file)).toContain('manifest.json');
});

test('a damaged file is refused and not kept, and a damaged copy is fetched again', async () => {
  const page = await site.visit();
  const graph = '**/hypernet.int8.onnx';
  await page.route(graph, async (route) => {
    const response = await route.fetch();
    const body = await response.body();
    body[1000] = (body[1000] ?? 0) ^ 1;
    await route.fulfill({ response, body });
  });
  const opening = (endpoint: string) => codeOf(t2l.openHypernet({ endpoint }));
  expect(await page.evaluate(opening, server.origin)).toBe('bundle_digest_mismatch');
  expect(await keptNames(page)).not.toContain('hypernet.int8.onnx');
  await page.unroute(graph);
  expect(await page.evaluate(opening, server.origin)).toBe('nothing');
  expect(await keptNames(page)).toContain('hypernet.int8.onnx');
  await page.evaluate(async () => {
    const cache = await caches.open('t2l-edge');
    for (const url of await kept()) {
      if (/(manifest.json|fit.f16)$/.test(url)) {
        await cache.put(url, new Response('not the file'));
      }
    }
  });
  await reload(page);
  const paths = asked(page);
  const [made] = await make(page, { endpoint: server.origin }, [{ description: DESCRIPTION }]);
  expect(made?.id).toBe((await fromEndpoint({ description: DESCRIPTION })).id);
  expect(paths.map((path) => path.split('/').at(-1))).toEqual([
    'hypernets',
    'manifest.json',
    'fit.f16',
  ]);
});

test('an abort ends the opening; nothing of the file is kept, and the next opening works', async () => {
  const page = await site.visit();
  const result = await page.evaluate(async (endpoint) => {
    const controller = new AbortController();
    const progress = ({ file, loaded }: { file: string; loaded: number }) => {
      if (file.endsWith('model.int8.onnx') && loaded > 0) {
        controller.abort();
      }
    };
    const first = await codeOf(t2l.openHypernet({ endpoint, progress, signal: controller.signal }));
    const files = (await kept()).map((url) => url.split('/').at(-1));
    const hypernet = await t2l.openHypernet({ endpoint });
    const second = new AbortController();
    const aborted = hypernet.generate({ description: 'a' }, { signal: second.signal });
    const other = hypernet.generate({ description: 'b' });
    second.abort();
    return { first, files, aborted: await codeOf(aborted), other: await codeOf(other) };
  }, server.origin);
  expect(result).toMatchObject({ first: 'AbortError', aborted: 'AbortError', other: 'nothing' });
  expect(result.files).not.toContain('model.int8.onnx');
});

test('what is wrong has the code that it has at the endpoint', async () => {
  const page = await site.visit();
  const codes = await page.evaluate(
    async ({ endpoint, site }) => {
      const hypernet = await t2l.openHypernet({ endpoint, device: 'auto' });
      const generate = (request: object) => codeOf(hypernet.generate(request));
      const open = (options: object) => codeOf(t2l.openHypernet(options));
      const device = 'tpu' as 'auto';
      return [
        await generate({}),
        await generate({ description: '' }),
        await generate({ description: 'a', embedding: [1] }),
        await generate({ embedding: [1, 2] }),
        await generate({ description: 'a', dtype: 'int4' }),
        await generate({ description: 'a', strength: 1e9 }),
        await generate({ description: 'a', hypernet: 'other' }),
        await open({ endpoint, name: 'unknown' }),
        await open({ endpoint, digest: '0'.repeat(64) }),
        await open({ endpoint, name: 't2l-mini', digest: '0'.repeat(64) }),
        await open({ endpoint, name: 't2l-mini@9.9.9', digest: '0'.repeat(64) }),
        await open({ endpoint: 'ftp://nowhere' }),
        await open({}),
        await open({ endpoint: 'http://127.0.0.1:1' }),
        await open({ bundles: `${site}/ort` }),
        await open({ bundles: `${site}/bundles`, name: 'unknown' }),
        await open({ endpoint, device }),
        await open({ endpoint, device: 'webgpu' }),
        await hypernet.close().then(() => generate({ description: 'a' })),
      ];
    },
    { endpoint: server.origin, site: site.origin },
  );
  expect(codes).toEqual([
    'input_missing',
    'description_empty',
    'input_ambiguous',
    'embedding_wrong_dimension',
    'dtype_unknown',
    'strength_out_of_range',
    'field_unknown',
    'hypernet_unknown',
    'hypernet_unknown',
    'bundle_digest_mismatch',
    'bundle_missing_file',
    'endpoint_malformed',
    'endpoint_malformed',
    'endpoint_unreachable',
    'bundle_missing_file',
    'hypernet_unknown',
    'device_unknown',
    'webgpu_unavailable',
    'hypernet_closed',
  ]);
});

test("where ONNX Runtime's files are missing, the error says what the page needs", async () => {
  const page = await site.visit();
  const open = (options: object) =>
    t2l.openHypernet(options).then(
      () => ({}),
      ({ code, detail }) => ({ code, detail }),
    );
  const wasmPaths = `${site.origin}/nowhere/`;
  const elsewhere = await page.evaluate(open, { endpoint: server.origin, wasmPaths });
  expect(elsewhere).toMatchObject({ code: 'runtime_unavailable' });
  expect((elsewhere as { detail: string }).detail).toMatch(/wasmPaths/);
});

test('a bundle in chunks, registered, is streamed from what the page keeps', async () => {
  await registerBundle(server, chunkedBundle(), headers);
  const page = await site.visit();
  const request = { embedding: [0.5, -0.25, 0.75], dtype: 'float32' } as const;
  const hypernet = 'small@1.0.0';
  const [adapter] = await make(page, { endpoint: server.origin, name: hypernet }, [request]);
  const { id, files, fit } = await fromEndpoint({ ...request, hypernet });
  expect(adapter).toMatchObject({ id, fit });
  for (const { name, sha256 } of adapter?.files ?? []) {
    expect([name, sha256]).toEqual([name, files[name]?.sha256]);
  }
  const refusal = await page.evaluate(async (endpoint) => {
    const hypernet = await t2l.openHypernet({ endpoint, name: 'small@1.0.0' });
    return codeOf(hypernet.generate({ description: 'a' }));
  }, server.origin);
  expect(refusal).toBe('description_unsupported');
  await reload(page);
  const paths = asked(page);
  await make(page, { endpoint: server.origin, name: hypernet }, [request]);
  expect(paths).toEqual(['/v1/hypernets']);
});

test('an encoder that does not run in a page: the error asks for an embedding', async () => {
  const change = (manifest: Record<string, unknown>) => {
    manifest.encoder = { ...(manifest.encoder as object), kind: 'http' };
  };
  const reference = await uploadVariant(server.env, '4.9.0', change, miniBundle());
  expect((await server.send('/v1/hypernets', reference, { headers })).status).toBe(201);
  const page = await site.visit();
  const failure = await page.evaluate(async (endpoint) => {
    const hypernet = await t2l.openHypernet({ endpoint, name: 't2l-mini@4.9.0' });
    const made = await hypernet.generate({ embedding: new Float32Array(384).fill(0.05) });
    const failed = await hypernet.generate({ description: 'a' }).catch((error) => error);
    return { id: made.id, code: failed.code, detail: failed.detail };
  }, server.origin);
  expect(failure).toMatchObject({
    id: expect.stringMatching(/^[0-9a-f]{64}$/),
    code: 'encoder_not_configured',
    detail: expect.stringMatching(/give "embedding", 384 numbers/),
  });
});

test('a folder of any file server will do', async () => {
  const page = await site.visit();
  const bundles = '/bundles';
  const [adapter] = await make(page, { bundles }, [{ description: DESCRIPTION }]);
  expect(adapter?.id).toBe((await fromEndpoint({ description: DESCRIPTION })).id);
});
