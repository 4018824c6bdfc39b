import { afterAll, beforeEach, expect, test } from 'vitest';
import { type Fault, TOKEN } from './cloudflare.ts';
import { CONFIG, failureOf, MODEL, NAME, STEPS, startPublishing, WEIGHTS } from './publishing.ts';

const { cloudflare, waits, publish, expectWhole, reset } = await startPublishing();

beforeEach(reset);

afterAll(() => cloudflare.close());

const FAULTS = STEPS.flatMap((step) =>
  (['before', 'after'] as const).flatMap((when) =>
    (['cut', 503] as const).map((how): Fault => ({ step, how, when })),
  ),
);

test.each(FAULTS)('failing at $step ($how, $when it took effect), then again', async (fault) => {
  cloudflare.faults.push(fault);
  const published = publish();
  // What was created unseen is seen when the same call lists again before it tries again.
  const recovers = fault.how === 503 && fault.when === 'after' && fault.step === 'create';
  if (!recovers) {
    const error = await failureOf(published);
    expect(error.code).toBe(fault.how === 'cut' ? 'publish_interrupted' : 'publish_unavailable');
    expect(error.detail).toContain('publishing again goes on from where this stopped');
    const before = STEPS.slice(1, STEPS.indexOf(fault.step));
    expect(error.extra.done).toHaveLength(before.length);
    if (before.length > 0) {
      expect(error.detail).toContain(`Done so far: the fine-tune ${NAME} exists`);
    }
    expect(cloudflare.finetunes.length).toBeLessThan(2);
    cloudflare.faults.length = 0;
    await publish();
  } else {
    expect(await published).toMatchObject({ created: true });
  }
  expectWhole();
});

test.each(STEPS)('%s is tried again when Cloudflare has a bad moment', async (step) => {
  cloudflare.faults.push({ step, how: 502, when: 'before', times: 2 });
  expect(await publish()).toMatchObject({ created: true, uploaded: [CONFIG, WEIGHTS] });
  expectWhole();
  expect(waits).toEqual([500, 1000]);
});

test.each(STEPS)('%s waits as long as Retry-After asks', async (step) => {
  const headers = { 'retry-after': '7' };
  cloudflare.faults.push({ step, how: 429, when: 'before', times: 1, headers });
  await publish();
  expectWhole();
  expect(waits).toEqual([7000]);
});

test('a wait that is too long is left to the caller, with its length', async () => {
  const headers = { 'retry-after': '3600' };
  cloudflare.faults.push({ step: 'create', how: 429, when: 'before', headers });
  const error = await failureOf(publish());
  expect(error).toMatchObject({ code: 'publish_rate_limited', status: 429 });
  expect(error.detail).toContain('3600 s');
  expect(waits).toEqual([]);
});

test('a token that may not is said to need its permission, and is never repeated', async () => {
  const apiToken = `${TOKEN}x`;
  const error = await failureOf(publish({ apiToken }));
  expect(error).toMatchObject({ code: 'publish_unauthorized', status: 403 });
  expect(error.detail).toContain('"Workers AI: Edit"');
  expect(error.detail).toContain('[token]');
  const broken = await failureOf(publish({ apiToken: `${TOKEN}\n` }));
  expect(broken.code).toBe('publish_unauthorized');
});

test('the token is not in the error of a fetch that quotes its headers', async () => {
  const error = await failureOf(
    publish({
      fetch: async (_url, init) => {
        throw new TypeError(`cannot send ${JSON.stringify(init?.headers)}`);
      },
    }),
  );
  expect(error.code).toBe('publish_interrupted');
  expect(error.detail).toContain('[token]');
});

test('an account that Cloudflare does not know', async () => {
  const error = await failureOf(publish({ accountId: '0'.repeat(32) }));
  expect(error).toMatchObject({ code: 'publish_target_unknown', status: 404 });
  expect(error.detail).toContain(`no account ${'0'.repeat(32)}`);
});

test('a model that takes no adapters', async () => {
  const error = await failureOf(publish({ model: '@cf/mistral/mistral-7b-instruct-v0.1' }));
  expect(error.code).toBe('publish_refused');
  expect(error.detail).toContain('MODEL_NOT_SUPPORTED');
  expect(cloudflare.finetunes).toEqual([]);
});

test('a fine-tune that was removed between two steps', async () => {
  cloudflare.faults.push({ step: `upload ${WEIGHTS}`, how: 404, when: 'before' });
  const error = await failureOf(publish());
  expect(error.code).toBe('publish_target_unknown');
  expect(error.detail).toContain(`The fine-tune ${NAME} is gone`);
});

test('an account with 100 fine-tunes', async () => {
  for (let index = 0; index < 100; index++) {
    cloudflare.add({ name: `other-${index}`, model: MODEL });
  }
  const error = await failureOf(publish());
  expect(error).toMatchObject({ code: 'publish_full', status: 409 });
  expect(error.detail).toContain('100 fine-tunes');
  const mine = cloudflare.finetunes[50];
  expect(await publish({ name: mine?.name ?? '' })).toMatchObject({ id: mine?.id });
});

test.each([
  ['not JSON', '<html>'],
  ['another shape', '{"success": true, "errors": [], "result": [{"finetune": 1}]}'],
])('a list that is %s does not lead to a second fine-tune', async (_case, body) => {
  const error = await failureOf(
    publish({ fetch: async () => new Response(body, { status: 200 }) }),
  );
  expect(error).toMatchObject({ code: 'publish_answer_invalid', status: 502 });
});

test('an abort ends the waiting', async () => {
  cloudflare.faults.push({ step: `upload ${WEIGHTS}`, how: 503, when: 'before' });
  const controller = new AbortController();
  const { signal } = controller;
  const published = publish({
    signal,
    wait: async () => controller.abort(new Error('enough')),
  });
  await expect(published).rejects.toThrow('enough');
  cloudflare.faults.length = 0;
  await publish();
  expectWhole();
});
