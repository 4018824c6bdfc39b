import { afterAll, beforeEach, expect, test } from 'vitest';
import { config, DOCUMENT, FILES } from './adapter.ts';
import { CONFIG, failureOf, MODEL, NAME, STEPS, startPublishing, WEIGHTS } from './publishing.ts';

const { cloudflare, publish, expectWhole, reset } = await startPublishing();

beforeEach(reset);

afterAll(() => cloudflare.close());

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
  expect(cloudflare.steps).toEqual(STEPS);
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
