/**
 * `npm run screenshots`: docs/screenshots/playground.png, the page at `/` in a real Chromium after an adapter
 * has answered, from a fresh endpoint on this machine. Needs Chromium (`CHROMIUM` says where).
 */
import { mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { chromium } from 'playwright-core';
import { EXAMPLE } from '../src/contract/examples.ts';
import { progress, readArguments, runCommand } from './command.ts';
import { startEndpoint } from './endpoint.ts';
import { ROOT } from './environment.ts';

const OUT = 'docs/screenshots/playground.png';
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** As tall as what one sees first: describe, try, see. */
const VIEWPORT = { width: 1200, height: 1500 };
const PATIENCE = { timeout: 120_000 };

const USAGE = `A picture of the page at /, after an adapter has answered.

  npm run screenshots -- [options]

  --out FILE   the picture (default: ${OUT})
  --help       print this

It starts an endpoint of its own, and needs Chromium at /usr/bin/chromium, or where CHROMIUM says.`;

await runCommand(main, USAGE);

async function main(): Promise<void> {
  const { values } = readArguments({ options: { out: { type: 'string' } } });
  const out = values.out === undefined ? join(ROOT, OUT) : resolve(values.out);
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const endpoint = await startEndpoint();
    try {
      const page = await browser.newPage({ viewport: VIEWPORT, colorScheme: 'light' });
      await page.goto(endpoint.origin);
      await page.getByLabel('The task, in a sentence').fill(EXAMPLE);
      await page.getByRole('button', { name: 'Generate' }).click();
      await page.getByRole('button', { name: 'Ask', exact: true }).click(PATIENCE);
      await page.locator('[data-answer=adapted] [data-kind=answer]').waitFor(PATIENCE);
      await mkdir(dirname(out), { recursive: true });
      await page.screenshot({ path: out });
      progress(out);
    } finally {
      await endpoint.close();
    }
  } finally {
    await browser.close();
  }
}
