/**
 * `node browse.ts PAGE`: opens a page of the docs in Chromium, served from this machine with the package
 * and ONNX Runtime where its import map looks for them, and prints what it logs until its script ends.
 */
import { readFile } from 'node:fs/promises';
import { extname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { startScripted } from '../../sdk/scripted-server.ts';

const VENDOR = {
  't2l-edge': process.cwd(),
  'onnxruntime-web': join(process.cwd(), 'node_modules/onnxruntime-web'),
};
const TYPES: Readonly<Record<string, string>> = {
  '.js': 'text/javascript',
  '.mjs': 'text/javascript',
  '.wasm': 'application/wasm',
};
/** Of the script's last line; a module that waits ends after the page is loaded. */
const END = 'globalThis.ended = true;\n</script>';

const [file = ''] = process.argv.slice(2);
const page = (await readFile(file, 'utf8')).replace(/<\/script>\s*$/, END);
const server = await startScripted(async ({ url = '/' }, response) => {
  const [, name = '', path = ''] = /^\/vendor\/([^/]+)\/(.*)$/.exec(url) ?? [];
  if (name in VENDOR) {
    response.setHeader('content-type', TYPES[extname(path)] ?? 'application/octet-stream');
    response.end(await readFile(join(VENDOR[name as keyof typeof VENDOR], path)));
  } else {
    response.setHeader('content-type', 'text/html').end(url === '/' ? page : '');
  }
});
const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
  args: ['--no-sandbox'],
});
try {
  const tab = await browser.newPage();
  tab.on('console', (message) => console.log(message.text()));
  const failed = new Promise<never>((_, reject) => tab.on('pageerror', reject));
  await tab.goto(server.origin);
  const ended = tab.waitForFunction(() => 'ended' in globalThis, undefined, { timeout: 240_000 });
  await Promise.race([ended, failed]);
} finally {
  await browser.close();
  await server.close();
}
