import { expect, test } from 'vitest';
import {
  type ModerationSettings,
  moderatorOf,
  requireAllowed,
} from '../../src/moderation/index.ts';
import { startModeration } from './service.ts';

test.each([{}, { MODERATION: '' }])('nobody is asked with the settings %o', (settings) => {
  expect(moderatorOf(settings as ModerationSettings)).toBeUndefined();
});

test.each([
  [{ MODERATION: 'on' }, 'MODERATION must be workers-ai or http'],
  [{ MODERATION: 'OFF' }, 'MODERATION must be workers-ai or http'],
  [{ MODERATION: 'workers-ai' }, 'needs the Workers AI binding AI'],
  [{ MODERATION: 'http' }, 'MODERATION_URL must be'],
  [{ MODERATION: 'http', MODERATION_URL: '' }, 'MODERATION_URL must be'],
  [
    { MODERATION: 'http', MODERATION_URL: 'https://a.example', MODERATION_DIALECT: 'tei' },
    'MODERATION_DIALECT one of',
  ],
])('%o is said to be wrong, and moderates nothing away', (settings, message) => {
  const make = () => moderatorOf(settings as ModerationSettings);
  expect(make).toThrow(expect.objectContaining({ code: 'moderation_misconfigured', status: 500 }));
  expect(make).toThrow(message);
});

test('each setting reaches the one that is asked', async () => {
  const service = await startModeration();
  service.say(() => ({ body: '{"results":[{"flagged":true}]}' }));
  const http = moderatorOf({
    MODERATION: 'http',
    MODERATION_URL: service.origin,
    MODERATION_DIALECT: 'openai',
    MODERATION_TOKEN: 's3cret',
    MODERATION_MODEL: 'omni',
  });
  expect(await http?.('Do it.')).toEqual({ allowed: false });
  expect(service.asked).toMatchObject([
    { body: { input: 'Do it.', model: 'omni' }, headers: { authorization: 'Bearer s3cret' } },
  ]);
  await service.close();
  const asked: unknown[] = [];
  const ai = {
    run: async (model: string) => {
      asked.push(model);
      return { response: 'safe' };
    },
  };
  for (const more of [{}, { MODERATION_MODEL: '' }, { MODERATION_MODEL: '@cf/some/guard' }]) {
    const moderator = moderatorOf({ MODERATION: 'workers-ai', AI: ai, ...more });
    expect(await moderator?.('Do it.')).toEqual({ allowed: true });
  }
  expect(asked).toEqual([
    '@cf/meta/llama-guard-3-8b',
    '@cf/meta/llama-guard-3-8b',
    '@cf/some/guard',
  ]);
});

test('a refusal has its reason, in one line that does not go on for ever', async () => {
  async function refusal(reason: string | undefined): Promise<string> {
    return requireAllowed('Do it.', async () => ({ allowed: false, reason })).then(
      () => 'allowed',
      (error: { code: string; detail: string }) => `${error.code} ${error.detail}`,
    );
  }
  const said = 'moderation_refused The moderation of this endpoint refuses this description';
  expect(await refusal('It names\na  person.')).toBe(`${said}: It names a person.`);
  expect(await refusal(undefined)).toBe(`${said}.`);
  expect(await refusal('  ')).toBe(`${said}.`);
  expect((await refusal('no '.repeat(1000))).length).toBeLessThan(300);
  await requireAllowed('Do it.', async () => ({ allowed: true, reason: 'S1' }));
});
