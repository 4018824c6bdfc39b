/** What `npm run bench` times of the page, here beside the page because it needs Chromium. */
import { expect, test } from 'vitest';
import { firstAnswerLine, measureFirstAnswer } from '../../scripts/bench/first-answer.ts';

test('the wait for the first answer is that of a page that was opened and answered', async () => {
  const found = await measureFirstAnswer('t2l-mini', 1);
  expect(found).toMatchObject({ hypernet: 't2l-mini', runs: 1 });
  expect(found?.adapter_ms).toBeGreaterThan(0);
  expect(found?.answer_ms).toBeGreaterThan(found?.adapter_ms ?? 0);
  expect(found && firstAnswerLine(found)).toMatch(/^t2l-mini: .* \d+\.\d s in Chromium/);
});
