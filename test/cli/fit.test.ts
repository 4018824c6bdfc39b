/** What the command says of fit, with a bundle to which nothing is good enough. */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { FitSpec } from '../../src/bundle/fit-spec.ts';
import type { AdapterDocument } from '../../src/sdk/index.ts';
import { type CopyRoot, createCopyRoot } from '../scripts/bundle-copy.ts';
import { type Run, t2l, temporaryFolder } from './command.ts';

const DESCRIPTION = 'Reverse the order of the words.';
const SIZES = 'Trained on three and four words; it mostly fails on two, five or more.';

let root: CopyRoot;

beforeAll(async () => {
  root = await createCopyRoot();
  const adjusted = (change: (fit: FitSpec) => void) => (manifest: object) =>
    change((manifest as { fit: FitSpec }).fit);
  await root.copy('9.0.0', {
    manifest: adjusted((fit) => {
      fit.thresholds = { good: 0.3, uncertain: 0.2 };
      fit.strengths = [
        { strength: 1, factor: 1 },
        { strength: 2, factor: 0.03 },
      ];
      fit.sizes = SIZES;
    }),
  });
  await root.copy('9.1.0', {
    manifest: adjusted((fit) => {
      fit.thresholds = { good: 1, uncertain: 1 };
      delete fit.sizes;
    }),
  });
});

afterAll(() => root.remove());

/** Generates, then shows: what both said, the document and the card. */
async function made(version: string, ...options: string[]) {
  const cwd = temporaryFolder();
  const place = ['--data', 'data', '--hypernets', root.path];
  const args = [DESCRIPTION, '--hypernet', `t2l-mini@${version}`, ...options];
  const run = await t2l(['generate', ...args, '--out', 'out', ...place], { cwd });
  expect(run.code).toBe(0);
  const file = (name: string) => readFile(join(cwd, 'out', name), 'utf8');
  const document = JSON.parse(await file('t2l.json')) as AdapterDocument;
  return {
    run,
    shown: await t2l(['show', document.id, ...place], { cwd }),
    hypernet: await t2l(['hypernet', 'show', `t2l-mini@${version}`, ...place], { cwd }),
    json: await t2l(['generate', ...args, '--out', 'out', '--json', ...place], { cwd }),
    card: await file('README.md'),
    fit: document.fit,
  };
}

/** The line of a label. */
function line({ stdout }: Run, label: string): string | undefined {
  return stdout.split('\n').find((one) => one.startsWith(`${label} `));
}

test('an adapter whose strength costs its verdict says so everywhere, in one sentence', async () => {
  const { run, shown, json, card, fit, hypernet } = await made('9.0.0', '--strength', '8');
  const why = 'made for strength 1: at 8, adapters keep 3% of what they get right at 1';
  expect(fit).toMatchObject({ verdict: 'unfit', reason: { code: 'strength', text: why } });
  expect(run.stderr).toMatch(/^t2l: fit is unfit \(0\.0\d\): do not expect the adapter to work \(/);
  expect(run.stderr).toContain(`(${why})\n`);
  expect(card).toContain(`Why: ${why}.`);
  for (const one of [run, shown]) {
    expect(line(one, 'fit')).toMatch(/unfit \(0\.0\d\): do not expect the adapter to work$/);
    expect(line(one, 'why')).toContain(why);
  }
  // Who reads JSON has it there.
  expect(json.stderr).toBe('');
  expect(JSON.parse(json.stdout).adapter.fit.reason.text).toBe(why);
  expect(card).toContain(SIZES);
  for (const one of [shown, hypernet]) {
    expect(line(one, 'sizes')).toContain(SIZES);
  }
});

test('an adapter that will rather work warns of nothing', async () => {
  const { run, shown, fit } = await made('9.0.0');
  expect(fit).toMatchObject({ verdict: 'good', reason: null });
  expect(run.stderr).toBe('');
  expect(line(shown, 'fit')).toMatch(/good \(\d\.\d\d\): expect the adapter to work/);
  expect(line(shown, 'why')).toBeUndefined();
});

test('an adapter that is unfit for no reason that is known is warned of all the same', async () => {
  const { run, shown, hypernet, fit } = await made('9.1.0');
  expect(fit).toMatchObject({ verdict: 'unfit', reason: null });
  expect(run.stderr).toMatch(
    /^t2l: fit is unfit \(\d\.\d\d\): do not expect the adapter to work\n$/,
  );
  for (const one of [shown, hypernet]) {
    expect(line(one, 'sizes')).toBeUndefined();
  }
});
