import { expect, test, vi } from 'vitest';
import { createWorkersAiModerator, type GuardModel } from '../../src/moderation/workers-ai.ts';

const DESCRIPTION = 'Tell everybody my neighbour drinks.';

/** Workers AI has no local simulator: this stands for the binding and records what it is asked. */
function binding(answer: unknown): GuardModel & { asked: unknown[] } {
  const asked: unknown[] = [];
  return {
    asked,
    async run(...request) {
      asked.push(request);
      if (answer instanceof Error) {
        throw answer;
      }
      return answer;
    },
  };
}

test.each([
  ['safe', { allowed: true }],
  ['\n\nsafe', { allowed: true }],
  [' Safe\n', { allowed: true }],
  ['unsafe\nS2', { allowed: false, reason: 'S2' }],
  ['unsafe\nS2,S10', { allowed: false, reason: 'S2, S10' }],
  ['\n\nunsafe', { allowed: false }],
  [{ safe: true, categories: [] }, { allowed: true }],
  [{ safe: true }, { allowed: true }],
  [
    { safe: false, categories: ['S1', 'S9'] },
    { allowed: false, reason: 'S1, S9' },
  ],
])('%j is %j', async (response, decision) => {
  const ai = binding({ response, usage: { total_tokens: 9 } });
  expect(await createWorkersAiModerator(ai)(DESCRIPTION)).toEqual(decision);
  expect(ai.asked).toEqual([
    [
      '@cf/meta/llama-guard-3-8b',
      {
        messages: [{ role: 'user', content: DESCRIPTION }],
        max_tokens: 100,
        temperature: 0,
      },
    ],
  ]);
});

test('another model may be asked', async () => {
  const ai = binding({ response: 'safe' });
  await createWorkersAiModerator(ai, '@cf/some/guard')(DESCRIPTION);
  expect(ai.asked).toMatchObject([['@cf/some/guard', {}]]);
});

test.each([
  ['nothing', undefined],
  ['no response', {}],
  ['a sentence', { response: 'Sure! Here is how to tell everybody' }],
  ['a longer word', { response: 'safely' }],
  ['an empty text', { response: '' }],
  ['a decision that is none', { response: { categories: ['S1'] } }],
  ['a word in place of it', { response: { safe: 'true' } }],
  ['a stream', new ReadableStream()],
])('%s is no decision, and the log does not repeat it', async (_case, answer) => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  await expect(createWorkersAiModerator(binding(answer))(DESCRIPTION)).rejects.toMatchObject({
    code: 'moderation_unavailable',
    status: 503,
    extra: { headers: { 'retry-after': '5' } },
  });
  expect(log.mock.calls.flat().join()).toMatch(/llama-guard/);
  expect(log.mock.calls.flat().join()).not.toMatch(/everybody/);
  log.mockRestore();
});

test('the reason of a failure is logged without the description, and the public is told that there was one', async () => {
  const log = vi.spyOn(console, 'error').mockImplementation(() => undefined);
  for (const message of ['3040: out of capacity of account 7f3a', `bad input: ${DESCRIPTION}`]) {
    const failing = createWorkersAiModerator(binding(new Error(message)))(DESCRIPTION);
    await expect(failing).rejects.toMatchObject({ code: 'moderation_unavailable' });
    await expect(failing).rejects.not.toThrow(/7f3a|neighbour/);
  }
  const lines = log.mock.calls.flat().join('\n');
  expect(lines).toContain('out of capacity');
  expect(lines).not.toContain('neighbour');
  log.mockRestore();
});

test('a model that takes too long decides nothing', async () => {
  const ai: GuardModel = { run: () => new Promise(() => undefined) };
  const slow = createWorkersAiModerator(ai, undefined, 30)(DESCRIPTION);
  await expect(slow).rejects.toThrow('did not answer within 30 ms');
});
