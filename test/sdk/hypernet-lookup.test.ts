/** Which version a reference means, and which ones make nothing any more. */
import { expect, test } from 'vitest';
import { hypernetList } from '../../src/api/docs/examples/hypernet.ts';
import { findMaker, findVersion } from '../../src/sdk/hypernet-lookup.ts';
import type { HypernetList } from '../../src/sdk/index.ts';

const [family] = hypernetList.hypernets;
const [version] = family?.versions ?? [];
const OLD = 'a'.repeat(64);

/** The example, with a version before it that was yanked. */
const list = {
  ...hypernetList,
  hypernets: [
    {
      ...family,
      versions: [
        {
          ...version,
          version: '0.9.0',
          digest: OLD,
          yanked: { at: '2026-11-29T00:00:00Z', reason: 'It answers in French.' },
        },
        version,
      ],
    },
  ],
} as HypernetList;

test.each(['t2l-mini@0.9.0', OLD])('%s is found, but makes no new adapters', (reference) => {
  expect(findVersion(list, reference).digest).toBe(OLD);
  expect(() => findMaker(list, reference)).toThrow(
    'hypernet_yanked: Version 0.9.0 was yanked (It answers in French.); take another one, or the name alone for the active one.',
  );
});

test.each([undefined, 't2l-mini', 't2l-mini@1.0.0'])('%s makes adapters', (reference) => {
  expect(findMaker(list, reference)).toBe(version);
});
