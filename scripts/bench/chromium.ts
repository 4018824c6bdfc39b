/** The browser that pages are measured in: a real Chromium with a fresh profile, where there is one. */
import { access } from 'node:fs/promises';
import { type Browser, chromium } from 'playwright-core';

const PATH = process.env.CHROMIUM ?? '/usr/bin/chromium';

/** Runs something with a browser; undefined where there is none. */
export async function withChromium<T>(
  work: (browser: Browser) => Promise<T>,
): Promise<T | undefined> {
  const there = await access(PATH).then(
    () => true,
    () => false,
  );
  if (!there) {
    return undefined;
  }
  const browser = await chromium.launch({ executablePath: PATH, args: ['--no-sandbox'] });
  try {
    return await work(browser);
  } finally {
    await browser.close();
  }
}
