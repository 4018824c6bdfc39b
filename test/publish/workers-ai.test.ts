import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { T2lError } from '../../src/errors.ts';
import {
  type PublishedFinetune,
  type PublishOptions,
  publishToWorkersAi,
} from '../../src/publish/workers-ai.ts';
import { config, DOCUMENT, FILES } from './adapter.ts';
import { ACCOUNT, type Cloudflare, type Fault, startCloudflare, TOKEN } from './cloudflare.ts';

const MODEL = '@cf/mistral/mistral-7b-instruct-v0.2-lora';
const NAME = `t2l-${DOCUMENT.id.slice(0, 32)}`;
const CONFIG = 'adapter_config.json';
const WEIGHTS = 'adapter_model.safetensors';
const ALL = ['list', 'create', `upload ${CONFIG}`, `upload ${WEIGHTS}`] as const;

let cloudflare: Cloudflare;
let waits: number[];

beforeAll(async () => {
  cloudflare = await startCloudflare();
});

beforeEach(() => {
  cloudflare.reset();
  waits = [];
});

afterAll(() => cloudflare.close());

function publish(options: Partial<PublishOptions> = {}): Promise<PublishedFinetune> {
  return publishToWorkersAi({
    accountId: ACCOUNT,
    apiToken: TOKEN,
    document: DOCUMENT,
    files: FILES,
    api: cloudflare.api,
    wait: async (milliseconds) => {
      waits.push(milliseconds);
    },
    ...options,
  });
}

async function failureOf(published: Promise<unknown>): Promise<T2lError> {
  const error = await published.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  if (!(error instanceof T2lError)) {
    throw new Error(`expected a T2lError, got ${String(error)}`);
  }
  expect(JSON.stringify([error.message, error.extra])).not.toContain(TOKEN);
  return error;
}

/** The state that every call must come to: one fine-tune, with the very bytes of both files. */
function expectWhole(name = NAME): void {
  expect(cloudflare.wrong).toEqual([]);
  const ours = cloudflare.finetunes.filter((one) => one.name === name);
  expect(ours).toHaveLength(1);
  expect(ours[0]?.model).toBe(MODEL);
  expect([...(ours[0]?.assets ?? [])]).toEqual([
    [CONFIG, Buffer.from(FILES.config)],
    [WEIGHTS, Buffer.from(FILES.weights)],
  ]);
}

test('an adapter becomes a fine-tune with both files', async () => {
  const published = await publish();
  expectWhole();
  expect(published).toEqual({
    id: cloudflare.finetunes[0]?.id,
    name: NAME,
    model: MODEL,
    created: true,
    uploaded: [CONFIG, WEIGHTS],
  });
  expect(cloudflare.steps).toEqual(ALL);
  expect(cloudflare.finetunes[0]?.description).toContain(DOCUMENT.id);
});

test('publishing again changes nothing', async () => {
  const first = await publish();
  const again = await publish();
  expect(again).toEqual({ ...first, created: false, uploaded: [] });
  expectWhole();
});

test('a name and a model of one’s own', async () => {
  const model = '@cf/owner/some-model-lora';
  const document = { ...DOCUMENT, base_model: 'owner/some-model' };
  const files = { ...FILES, config: config({ base_model_name_or_path: document.base_model }) };
  const published = await publish({ name: 'reverse-words.v1', model, document, files });
  expect(published).toMatchObject({ name: 'reverse-words.v1', model, created: true });
  expect(cloudflare.finetunes).toMatchObject([{ name: 'reverse-words.v1', model }]);
});

const FAULTS = ALL.flatMap((step) =>
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
    const before = ALL.slice(1, ALL.indexOf(fault.step));
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

test.each(ALL)('%s is tried again when Cloudflare has a bad moment', async (step) => {
  cloudflare.faults.push({ step, how: 502, when: 'before', times: 2 });
  expect(await publish()).toMatchObject({ created: true, uploaded: [CONFIG, WEIGHTS] });
  expectWhole();
  expect(waits).toEqual([500, 1000]);
});

test.each(ALL)('%s waits as long as Retry-After asks', async (step) => {
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

test('the name belongs to a fine-tune of another model', async () => {
  cloudflare.add({ name: NAME, model: '@cf/google/gemma-2b-it-lora' });
  const error = await failureOf(publish());
  expect(error).toMatchObject({ code: 'publish_conflict', status: 409 });
  expect(error.detail).toContain('exists for @cf/google/gemma-2b-it-lora');
  expect(cloudflare.steps).toEqual(['list']);
});

test('a name of one’s own is not given to two adapters', async () => {
  await publish({ name: 'mine' });
  const other = { ...DOCUMENT, id: 'f'.repeat(64) };
  const error = await failureOf(publish({ name: 'mine', document: other }));
  expect(error.code).toBe('publish_conflict');
  expect(error.detail).toContain(`holds the adapter ${DOCUMENT.id}`);
  expectWhole('mine');
});

test('a fine-tune that was made by hand, without description or files, is filled', async () => {
  cloudflare.add({ name: NAME, model: MODEL });
  expect(await publish()).toMatchObject({ created: false, uploaded: [CONFIG, WEIGHTS] });
  expectWhole();
});

test('a fine-tune that somebody makes at the same moment is used', async () => {
  cloudflare.faults.push({ step: 'create', how: 409, when: 'after', times: 1 });
  expect(await publish()).toMatchObject({ created: false, uploaded: [CONFIG, WEIGHTS] });
  expectWhole();
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

test('a fine-tune on a later page of the list is found', async () => {
  for (let index = 0; index < 25; index++) {
    cloudflare.add({ name: `other-${index}`, model: MODEL });
  }
  const { id } = cloudflare.add({ name: NAME, model: MODEL });
  cloudflare.pageSize = 10;
  expect(await publish()).toMatchObject({ id, created: false });
  expect(cloudflare.steps.filter((step) => step === 'list')).toHaveLength(3);
  expectWhole();
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
