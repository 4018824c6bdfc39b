/** When a canary fails too often: by itself, and beside an active version that fails too. */
import { expect, test } from 'vitest';
import { failsTooOften, type Outcomes } from '../../src/pipeline/canary-watch.ts';

test.each<[string, Outcomes, Outcomes, boolean]>([
  ['all of its first five', { made: 0, failed: 5 }, { made: 40, failed: 0 }, true],
  ['four, which may be chance', { made: 0, failed: 4 }, { made: 40, failed: 0 }, false],
  ['five of a thousand', { made: 995, failed: 5 }, { made: 9000, failed: 0 }, false],
  ['one in ten beside none', { made: 90, failed: 10 }, { made: 900, failed: 0 }, true],
  ['one in ten beside as many', { made: 90, failed: 10 }, { made: 90, failed: 10 }, false],
  ['all, where the active one was not asked', { made: 0, failed: 5 }, { made: 0, failed: 0 }, true],
])('a canary that fails at %s', (_name, canary, active, ended) => {
  expect(failsTooOften(canary, active)).toBe(ended);
});
