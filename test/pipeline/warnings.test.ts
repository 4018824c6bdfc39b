/**
 * What a document says of strengths, with the network that ships: each is made, its norms are those of
 * strength 1 times its size, and where that is more than the guard lets a network write, it says so.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { Manifest } from '../../src/bundle/manifest.ts';
import { createLocalClient, type LocalClient } from '../../src/local/client.ts';
import { temporaryFolder } from '../cli/command.ts';
import { type CopyRoot, createCopyRoot } from '../scripts/bundle-copy.ts';

const DESCRIPTION = 'Reverse the order of the words.';

let root: CopyRoot;
let client: LocalClient;
let manifest: Manifest;

beforeAll(async () => {
  root = await createCopyRoot();
  await root.copy('9.0.0', {
    // As bundles that measured nothing have it: only norms can tell.
    manifest: (one) => {
      delete (one as { fit?: unknown }).fit;
    },
  });
  await root.copy('9.1.0', {
    manifest: (one) => {
      delete (one as { norms?: unknown }).norms;
    },
  });
  manifest = JSON.parse(await readFile(join(root.path, 't2l-mini/9.0.0/manifest.json'), 'utf8'));
});

beforeEach(async () => {
  client = await createLocalClient({ data: temporaryFolder(), hypernets: root.path });
});

afterAll(() => root.remove());

function made(strength: number, version = '9.0.0') {
  const hypernet = `t2l-mini@${version}`;
  return client.generate({ description: DESCRIPTION, hypernet, strength });
}

/** The limit of a layer, by the words of `MAX_DEVIATIONS` and `MIN_RELATIVE_DEVIATION`. */
function limit(module: string, layer: number): number {
  const { mean = [], deviation = [] } = manifest.norms?.[module] ?? {};
  const usual = mean[layer] as number;
  return usual + 8 * Math.max(deviation[layer] as number, 0.05 * usual);
}

test('from 0.25 to 8 and as far below 0, all is made, and what goes too far says so', async () => {
  const { norms: at1 } = await made(1);
  let warned = 0;
  for (const strength of [0.25, 0.5, 0.75, 1, 1.5, 2, 3, 4, 8, -0.25, -1, -2, -4]) {
    const document = await made(strength);
    const expected: string[] = [];
    for (const [module, norms] of Object.entries(document.norms)) {
      for (const [layer, norm] of norms.entries()) {
        const one = at1[module]?.[layer] as number;
        expect(norm / (one * Math.abs(strength))).toBeCloseTo(1, 4);
        if (norm > limit(module, layer)) {
          expected.push(`${module}.${layer}`);
        }
      }
    }
    const [warning, ...others] = document.warnings;
    const layers = (warning?.layers ?? []).map(({ module, layer }) => `${module}.${layer}`);
    expect([strength, layers, others]).toEqual([strength, expected, []]);
    expect(document.fit).toEqual({ score: null, verdict: 'unknown', reason: null, nearest: [] });
    if (warning !== undefined) {
      warned += 1;
      expect(warning.code).toBe('strength_beyond_norms');
      expect(warning.text).toContain(`at strength ${strength} the update of`);
      expect(warning.layers.every(({ norm, limit: most }) => norm > most)).toBe(true);
    }
  }
  expect(warned).toBeGreaterThan(2);
});

test('known or new, a document says the same, and a bundle without norms has nothing to say', async () => {
  const document = await made(4);
  expect(document.warnings).toHaveLength(1);
  expect((await made(4)).warnings).toEqual(document.warnings);
  expect((await client.adapter(document.id)).warnings).toEqual(document.warnings);
  expect((await made(8, '9.1.0')).warnings).toEqual([]);
});
