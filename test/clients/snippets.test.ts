/**
 * The pages at a terminal: every block of README.md and the others, in order, in the folder that the page
 * names, prints what the page shows. README.md begins where `git clone` is run, the other pages in the
 * checkout, after it. What is not run as it stands is in snippets/stand-ins.ts, with the reason.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';
import { ROOT } from '../../scripts/environment.ts';
import { type Block, blocksOf, commandsOf, matches } from './snippets/blocks.ts';
import { type Checkout, prepareCheckout } from './snippets/checkout.ts';
import { STAND_INS, standInOf } from './snippets/stand-ins.ts';
import { type Outcome, runPage } from './snippets/terminal.ts';

// Each page starts the command, Python and a browser some times.
vi.setConfig({ testTimeout: 60_000, hookTimeout: 900_000 });

const PAGES = [
  'README.md',
  ...['using', 'api', 'serving', 'operations', 'training', 'importing'].map((n) => `docs/${n}.md`),
  ...['CONTRIBUTING.md', 'training/README.md'],
];
const READ = PAGES.map((page) => ({
  page,
  blocks: blocksOf(page, readFileSync(join(ROOT, page), 'utf8')),
}));

let checkout: Checkout;
let readme: readonly Outcome[];

// The other pages go on where the README ends.
beforeAll(async () => {
  checkout = await prepareCheckout();
  readme = await runPage(READ[0]?.blocks ?? [], checkout, checkout.folder);
});

afterAll(() => checkout?.close());

describe.each(READ)('$page', ({ page, blocks }) => {
  let outcomes: readonly Outcome[];

  beforeAll(async () => {
    outcomes = page === 'README.md' ? readme : await runPage(blocks, checkout, checkout.root);
  });

  test.each(blocks.map((block, index) => ({ ...block, index })))('$place', (block) => {
    const { ended, printed, complaints } = outcomes[block.index] as Outcome;
    expect(ended, `${block.code}\n${printed}\n${complaints}`).toBe(true);
    if (block.prints !== undefined && !matches(printed, block.prints)) {
      // As a difference to read; what `...` stands for differs too.
      expect(printed).toBe(block.prints);
    }
  });
});

test('every stand-in is for a command that a page has', () => {
  const shell = READ.flatMap(({ blocks }) => blocks).filter(({ language }) => language === 'sh');
  const commands = shell.flatMap(({ code }: Block) => commandsOf(code));
  expect(commands.length).toBeGreaterThan(30);
  const used = new Set(commands.map(standInOf));
  expect(STAND_INS.filter((one) => !used.has(one)).map(({ command }) => String(command))).toEqual(
    [],
  );
});

test.each([
  ['id  5d0c\nok  a\n', 'id  ...\nok  a\n', true],
  ['> npm\n\nready\n', '...\nready\n', true],
  ['ready\n', '...\nready\n...\n', true],
  ['ready\nand more\n', 'ready\n', false],
  ['id  5d0c\nok  b\n', 'id  ...\nok  a\n', false],
])('%j against %j', (printed, shown, same) => {
  expect(matches(printed, shown)).toBe(same);
});
