/**
 * The hypernetwork on WebGPU, in Chromium with a GPU that is a CPU in disguise (SwiftShader): the same
 * kernels with another rounding. How far the values are from WASM's is what is asserted, not how fast.
 */
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { unpackPeft } from '../../src/adapter/unpack.ts';
import type { GenerateRequest } from '../../src/browser/index.ts';
import { adapterSchema } from '../../src/contract/documents/adapter.ts';
import { chunkedBundle } from '../fixtures/small-network.ts';
import { withCard } from '../fixtures/with-card.ts';
import { ADMIN_TOKEN, startServer, type TestServer } from '../server.ts';
import { type PageGlobals, type Site, startSite } from './hypernet-page.ts';
import { registerBundle } from './register-bundle.ts';

declare const t2l: PageGlobals['t2l'];
declare const told: PageGlobals['told'];

const GPU = ['--enable-unsafe-webgpu', '--use-webgpu-adapter=swiftshader'];
const DESCRIPTION = 'Reverse the order of the words.';

let server: TestServer;
let site: Site;
let page: Page;

beforeAll(async () => {
  server = await startServer();
  site = await startSite(...GPU);
  page = await site.visit();
});

afterAll(async () => {
  await site?.close();
  await server?.close();
});

/** What the page makes of a request on WebGPU, and the files' bytes. */
function makeOnGpu(request: GenerateRequest, name?: string) {
  return page.evaluate(
    async ({ endpoint, request, name }) => {
      const hypernet = await t2l.openHypernet({ endpoint, name, device: 'webgpu' });
      const adapter = await hypernet.generate(request);
      const files = adapter.files.map(({ name, bytes }) => [name, [...bytes]] as const);
      await hypernet.close();
      return { adapter: told(adapter), bytes: Object.fromEntries(files) };
    },
    { endpoint: server.origin, request, name },
  );
}

/** The endpoint's document of the same request, and its weights. */
async function fromEndpoint(request: object) {
  const answer = await server.send('/v1/adapters', request);
  const document = await withCard(adapterSchema.parse(await answer.json()));
  const path = `/v1/adapters/${document.id}/adapter_model.safetensors`;
  return { document, bytes: await (await server.fetch(path)).arrayBuffer() };
}

/** The largest difference of any value, as a share of the largest value of its matrices. */
function worstDifference(bytes: Uint8Array, reference: Uint8Array): number {
  const [weights, expected] = [unpackPeft(bytes), unpackPeft(reference)];
  expect([...weights.keys()]).toEqual([...expected.keys()]);
  let worst = 0;
  for (const [module, sides] of expected) {
    for (const side of ['A', 'B'] as const) {
      const [wanted, given] = [sides[side], weights.get(module)?.[side]];
      const largest = wanted.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      for (const [at, value] of wanted.entries()) {
        worst = Math.max(worst, Math.abs((given?.[at] ?? Number.NaN) - value) / largest);
      }
    }
  }
  return worst;
}

test.each([
  ['float32', 1e-5],
  ['int8', 1e-4],
] as const)(
  'values of %s are those of WASM to %d; the bytes have no id',
  async (precision, limit) => {
    const request = { description: DESCRIPTION, dtype: 'float32', precision } as const;
    const { adapter, bytes } = await makeOnGpu(request);
    const { document, bytes: reference } = await fromEndpoint(request);
    const weights = Uint8Array.from(bytes['adapter_model.safetensors'] ?? []);
    const worst = worstDifference(weights, new Uint8Array(reference));
    console.log(`${precision} on WebGPU: worst relative difference ${worst.toExponential(1)}`);
    // Nothing at all would mean that WASM computed it.
    expect(worst).toBeGreaterThan(0);
    expect(worst).toBeLessThan(limit);
    // The score looks at the weights too.
    const score = expect.closeTo(document.fit.score ?? Number.NaN, 2);
    const fit = { ...document.fit, score };
    expect(adapter).toMatchObject({ id: null, device: 'webgpu', fit });
    const card = new TextDecoder().decode(Uint8Array.from(bytes['README.md'] ?? []));
    expect(card).toContain('| Adapter id | none');
    expect(card).toContain('model = PeftModel.from_pretrained(base, "adapter")');
    expect(card).not.toContain(document.id.slice(0, 12));
  },
);

test("the large build's WASM gives the bits of the small one", async () => {
  const onGpu = await makeOnGpu({ description: DESCRIPTION });
  const requests = [
    { description: DESCRIPTION },
    { description: 'x', precision: 'float32' },
  ] as const;
  const adapters = await page.evaluate(
    async ({ endpoint, requests }) => {
      const hypernet = await t2l.openHypernet({ endpoint, device: 'wasm' });
      return Promise.all(requests.map(async (request) => told(await hypernet.generate(request))));
    },
    { endpoint: server.origin, requests },
  );
  for (const [index, request] of requests.entries()) {
    const { document } = await fromEndpoint(request);
    const { id, files = [] } = adapters[index] ?? {};
    expect(id).toBe(document.id);
    for (const { name, sha256 } of files) {
      expect([name, sha256]).toEqual([name, document.files[name]?.sha256]);
    }
  }
  // The vector of a description, which WebGPU has no part in.
  expect(onGpu.adapter.embedding).toEqual(adapters[0]?.embedding);
  expect(site.paths().filter((path) => path.endsWith('.wasm'))).toEqual([
    '/ort/ort-wasm-simd-threaded.asyncify.wasm',
  ]);
});

test('a bundle in chunks runs on WebGPU too', async () => {
  await registerBundle(server, chunkedBundle(), { authorization: `Bearer ${ADMIN_TOKEN}` });
  const request = { embedding: [0.5, -0.25, 0.75], dtype: 'float32' } as const;
  const { bytes } = await makeOnGpu(request, 'small@1.0.0');
  const { bytes: reference } = await fromEndpoint({ ...request, hypernet: 'small@1.0.0' });
  const weights = Uint8Array.from(bytes['adapter_model.safetensors'] ?? []);
  expect(worstDifference(weights, new Uint8Array(reference))).toBeLessThan(1e-5);
});
