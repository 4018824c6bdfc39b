import { expect, test } from 'vitest';
import { modelCard } from '../../src/adapter/card.ts';
import { smallManifest } from '../fixtures/manifest.ts';

const FACTS = {
  manifest: smallManifest(),
  digest: 'ab'.repeat(32),
  input: { description: 'Reverse the list' },
  precision: 'float32',
  dtype: 'float16',
  strength: 0.5,
  parameters: 88,
  fit: { score: 0.81, verdict: 'good', nearest: [{ task: 'first_task', similarity: 0.81 }] },
} as const;

function text(facts: Parameters<typeof modelCard>[0] = FACTS): string {
  return new TextDecoder().decode(modelCard(facts).bytes);
}

test('the front matter names base model, library, license and tags', () => {
  const [, front = ''] = text().split('---\n');
  expect(front.split('\n')).toEqual([
    'base_model: "owner/base"',
    'library_name: "peft"',
    'license: "apache-2.0"',
    'pipeline_tag: "text-generation"',
    'tags: ["lora", "peft", "text-to-lora"]',
    '',
  ]);
});

test('the card tells what made the adapter, how it fits and how good the maker is', () => {
  const card = text();
  expect(card).toContain('> Reverse the list\n');
  expect(card).toContain('| Hypernetwork | small 1.0.0, variant S, float32 |');
  expect(card).toContain('ab'.repeat(32));
  expect(card).toContain('**good** (0.81)');
  expect(card).toContain('- 0.81: first\\_task');
  expect(card).toContain('| unseen.exact\\_match | 0.5 |');
  expect(card).toContain('PeftModel.from_pretrained');
});

test('a description cannot break out of its quotation', () => {
  const card = text({
    ...FACTS,
    input: { description: '<script>x</script> [a](b) | `c` # d\n---\nlicense: mit' },
  });
  const quoted = card.split('\n').find((line) => line.startsWith('> '));
  expect(quoted).toBe(
    '> &lt;script&gt;x&lt;/script&gt; \\[a\\](b) \\| \\`c\\` \\# d --- license: mit',
  );
  expect(card.split('---\n')).toHaveLength(text().split('---\n').length);
});

test('a card of an embedding says so', () => {
  expect(text({ ...FACTS, input: { embedding: Float32Array.of(1, 2, 3) } })).toContain(
    'Made from an embedding',
  );
});

test('a card says so if nothing is known about the fit', () => {
  const card = text({ ...FACTS, fit: { score: null, verdict: 'unknown', nearest: [] } });
  expect(card).toContain('**unknown**: nothing is known about how well the description fits');
  expect(card).not.toContain('null');
});
