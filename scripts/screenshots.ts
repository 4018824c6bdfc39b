/**
 * `npm run screenshots`: docs/screenshots/playground.png, the page at `/` in a real Chromium after an adapter
 * has answered, from a fresh endpoint on this machine. Needs Chromium (`CHROMIUM` says where).
 */
import { mkdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { chromium } from 'playwright-core';
import { EXAMPLE } from '../src/contract/examples.ts';
import { progress, runCommand } from './command.ts';
import { startEndpoint } from './endpoint.ts';
import { ROOT } from './environment.ts';

const OUT = join(ROOT, 'docs/screenshots/playground.png');
const CHROMIUM = process.env.CHROMIUM ?? '/usr/bin/chromium';
/** As tall as what one sees first: describe, try, see. */
const VIEWPORT = { width: 1200, height: 1500 };
const PATIENCE = { timeout: 120_000 };

await runCommand(async () => {
  const endpoint = await startEndpoint();
  const browser = await chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
  try {
    const page = await browser.newPage({ viewport: VIEWPORT, colorScheme: 'light' });
    await page.goto(endpoint.origin);
    await page.getByLabel('The task, in a sentence').fill(EXAMPLE);
    await page.getByRole('button', { name: 'Generate' }).click();
    await page.getByRole('button', { name: 'Ask', exact: true }).click(PATIENCE);
    await page.locator('[data-answer=adapted] [data-kind=answer]').waitFor(PATIENCE);
    await mkdir(dirname(OUT), { recursive: true });
    await page.screenshot({ path: OUT });
    progress(OUT);
  } finally {
    await browser.close();
    await endpoint.close();
  }
});
