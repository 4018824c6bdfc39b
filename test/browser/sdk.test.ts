/**
 * The built SDK in a real browser, on a page of another site than the endpoint's: what the CORS rules
 * allow such a page, and what they do not. Needs Chromium (Debian: `apt-get install chromium`).
 */
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Browser, chromium, type Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { buildSdk } from '../../scripts/package/sdk.ts';
import type * as Sdk from '../../src/sdk/index.ts';
import { type ScriptedServer, startScripted } from '../sdk/scripted-server.ts';
import { ADMIN_TOKEN, type SharedServer, sharedServer } from '../server.ts';

const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';

let server: SharedServer;
let site: ScriptedServer;
let browser: Browser;
let page: Page;
let folder: string;

/** What the page makes of the module. */
declare const sdk: typeof Sdk;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 't2l-sdk-'));
  await buildSdk(folder);
  const script = await readFile(join(folder, 'sdk.js'));
  site = await startScripted(({ url }, response) => {
    response.setHeader('content-type', url === '/sdk.js' ? 'text/javascript' : 'text/html');
    response.end(url === '/sdk.js' ? script : '<!doctype html><title>Elsewhere</title>');
  });
  server = await sharedServer();
  browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  page = await browser.newPage();
  await page.goto(site.origin);
  await page.addScriptTag({
    type: 'module',
    content: "import * as sdk from '/sdk.js'; globalThis.sdk = sdk;",
  });
  await page.waitForFunction(() => 'sdk' in globalThis);
});

afterAll(async () => {
  await browser?.close();
  await site?.close();
  await rm(folder, { recursive: true, force: true });
});

test('a page of another site makes, lists and downloads adapters', async () => {
  const result = await page.evaluate(async (endpoint) => {
    const client = sdk.createClient({ endpoint });
    const document = await client.generate({ description: 'Keep the foremost word' });
    const weights = await client.download(document, 'adapter_model.safetensors');
    // Through a redirect that a script does not see: the prefix of an id leads to the whole id.
    const short = { ...document, id: document.id.slice(0, 12) };
    const again = await client.download(short, 'adapter_model.safetensors');
    // Without the document's sha256 it takes the Repr-Digest, which the page must be allowed to read.
    const config = await client.download({ id: document.id, files: {} }, 'adapter_config.json');
    const { adapters } = await client.adapters({ q: 'foremost' });
    return {
      document,
      bytes: [weights, again, config].map(({ byteLength }) => byteLength),
      id: await client.adapterId({ description: 'Keep the foremost word' }),
      listed: adapters.map(({ id }) => id),
    };
  }, server.origin);
  const { id, files } = result.document;
  const [weights, config] = ['adapter_model.safetensors', 'adapter_config.json'].map(
    (name) => files[name]?.bytes,
  );
  expect(result).toMatchObject({ id, listed: [id], bytes: [weights, weights, config] });
});

test('a page of another site sees what was wrong', async () => {
  const codes = await page.evaluate(async (endpoint) => {
    const client = sdk.createClient({ endpoint, token: 'any', retries: 0 });
    const calls = [
      client.generate({ description: '' }),
      client.adapter('0'.repeat(64)),
      sdk.createClient({ endpoint: 'http://127.0.0.1:1', retries: 0 }).health(),
    ];
    const settled = await Promise.allSettled(calls);
    return settled.map((one) => (one.status === 'rejected' ? one.reason.code : 'nothing'));
  }, server.origin);
  expect(codes).toEqual(['description_empty', 'adapter_unknown', 'endpoint_unreachable']);
});

test('a page of another site can do nothing administrative, even with the token', async () => {
  const made = await server.send('/v1/adapters', { description: 'Keep the last word' });
  const { id } = (await made.json()) as { id: string };
  const codes = await page.evaluate(
    async ({ endpoint, token, id }) => {
      const client = sdk.createClient({ endpoint, token, retries: 0 });
      const bundle = { name: 't2l-mini', version: '1.0.0', digest: '0'.repeat(64) };
      const settled = await Promise.allSettled([
        client.remove(id),
        client.register(bundle),
        client.activate('t2l-mini', { rollback: true, expected: bundle.digest }),
        // Without the header that needs the preflight's consent, the endpoint takes no body.
        fetch(`${endpoint}/v1/hypernets`, { method: 'POST', body: JSON.stringify(bundle) }),
      ]);
      return settled.map((one) =>
        one.status === 'rejected' ? one.reason.code : (one.value as Response).status,
      );
    },
    { endpoint: server.origin, token: ADMIN_TOKEN, id },
  );
  expect(codes.slice(0, 3)).toEqual(Array(3).fill('endpoint_unreachable'));
  expect(codes[3]).toBe(401);
  expect((await server.fetch(`/v1/adapters/${id}`)).status).toBe(200);
});
