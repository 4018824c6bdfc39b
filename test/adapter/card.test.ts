import { execFileSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { type CardFacts, modelCard } from '../../src/adapter/card.ts';
import { strengthReason } from '../../src/adapter/fit/reason.ts';
import type { FitSpec } from '../../src/bundle/fit-spec.ts';
import { fitNamed } from '../fixtures/fit-vectors.ts';
import { kindTarget } from '../fixtures/kind-network.ts';
import { smallManifest } from '../fixtures/manifest.ts';

const ID = '0123456789abcdef'.repeat(4);
const FACTS = {
  id: ID,
  manifest: smallManifest(),
  digest: 'ab'.repeat(32),
  input: { description: 'Reverse the list' },
  precision: 'float32',
  dtype: 'float16',
  strength: 0.5,
  parameters: 88,
  fit: {
    score: 0.81,
    verdict: 'good',
    reason: null,
    nearest: [{ task: 'first_task', similarity: 0.81 }],
  },
} as const satisfies CardFacts;

function text(facts: CardFacts = FACTS): string {
  return new TextDecoder().decode(modelCard(facts).bytes);
}

/** The front matter as a YAML parser reads it, which also checks that it ends where it should. */
function front(card: string): unknown {
  const [, yaml = ''] = /^---\n(.*?)\n---\n/s.exec(card) ?? [];
  return parseYaml(yaml);
}

/** A card for a target that differs in some members. */
function cardFor(
  base: Partial<CardFacts['manifest']['target']['base_model']>,
  others: Partial<CardFacts['manifest']['target']> = {},
): string {
  const manifest = smallManifest();
  Object.assign(manifest.target, others);
  Object.assign(manifest.target.base_model, base);
  return text({ ...FACTS, manifest });
}

function sections(card: string): string[] {
  return [...card.matchAll(/^### (.*)$/gm)].map(([, title = '']) => title);
}

test('the front matter names base model, library, license and tags', () => {
  expect(front(text())).toEqual({
    base_model: 'owner/base',
    base_model_relation: 'adapter',
    library_name: 'peft',
    license: 'apache-2.0',
    pipeline_tag: 'text-generation',
    tags: ['lora', 'peft', 'text-to-lora', 't2l:small'],
  });
});

test('the card tells what the adapter is and what made it', () => {
  const card = text();
  expect(card).toContain('> Reverse the list\n');
  expect(card).toContain(`| Adapter id | \`${ID}\` |`);
  expect(card).toContain('| Hypernetwork | small 1.0.0, variant S, run in float32 |');
  expect(card).toContain(`| Digest of the hypernetwork | \`${'ab'.repeat(32)}\` |`);
  expect(card).toContain('| Target modules | q\\_proj, v\\_proj in 2 layers |');
  expect(card).toContain('| Rank, alpha | 2, 2 |');
  expect(card).toContain('| Parameters | 88, float16 |');
  expect(card).toContain('| Strength | 0.5 |');
});

test('the fit is explained, with its thresholds and the closest tasks', () => {
  const card = text();
  expect(card).toContain('**good** (0.81): expect the adapter to work');
  expect(card).toContain('From 0.75 on the verdict is good, from 0.5 on uncertain.');
  expect(card).toContain('- 0.81: first\\_task');
  expect(card).not.toContain('Why:');
});

test('a fit says why no more is to be expected, and what the bundle says of sizes', () => {
  const words = 'close to letters/join:_, but nothing trained near it also does star:*';
  const members = { task: 'letters/join:_', step: 'star:*', success: null };
  const reason = { code: 'missing_step', ...members, text: words } as const;
  const manifest = smallManifest();
  manifest.fit.sizes = 'Trained on 3 words | *no* more.';
  const fit = { ...FACTS.fit, verdict: 'unfit', score: 0.12, reason } as const;
  const lines = text({ ...FACTS, manifest, fit }).split('\n');
  expect(lines).toContain('**unfit** (0.12): do not expect the adapter to work.');
  expect(lines).toContain(
    'Why: close to letters/join:\\_, but nothing trained near it also does star:\\*.',
  );
  expect(lines).toContain('Trained on 3 words \\| \\*no\\* more.');
});

test('a fit that is unknown for its strength says so, and nothing about what is missing', () => {
  const reason = strengthReason(8, undefined);
  const card = text({ ...FACTS, fit: { ...FACTS.fit, score: null, verdict: 'unknown', reason } });
  expect(card).toContain('**unknown**: nothing is known about how well the adapter works');
  expect(card).toContain('Why: measured at strength 1 only; this adapter has 8.');
});

test('the score is explained by what it was found from', () => {
  const explained = (change: Partial<FitSpec>) => {
    const manifest = smallManifest();
    Object.assign(manifest.fit, change);
    return text({ ...FACTS, manifest });
  };
  const { calibration } = fitNamed('plain').fit;
  expect(explained({})).toContain('was not calibrated against results');
  expect(explained(calibration === undefined ? {} : { calibration })).toContain(
    'descriptions whose adapters were measured',
  );
});

test('a card says so if nothing is known about the fit', () => {
  const { fit: _fit, ...manifest } = smallManifest();
  const fit = { score: null, verdict: 'unknown', reason: null, nearest: [] } as const;
  const card = text({ ...FACTS, manifest, fit });
  expect(card).toContain('**unknown**: nothing is known about how well the description fits');
  expect(card).not.toContain('null');
  expect(card).not.toContain('closest');
});

test('a card of an embedding says so', () => {
  expect(text({ ...FACTS, input: { embedding: Float32Array.of(1, 2, 3) } })).toContain(
    'Made from an embedding',
  );
});

test('the figures of the pipeline are one table, with what each condition is', () => {
  const condition = (exact_match: number) => ({ exact_match, interval: [exact_match, 1] });
  const manifest = {
    ...smallManifest(),
    evaluation: {
      settings: { samples: 6 },
      seen: { tasks: 48, conditions: { matched: condition(0.7454) } },
      report: {
        tasks: 107,
        conditions: { shuffled: condition(0.0009), matched: condition(0.6551) },
      },
    },
  };
  const card = text({ ...FACTS, manifest });
  const table = card.split('\n').filter((line) => /^\| .*% \(/.test(line));
  expect(card).toContain('| | Unseen tasks (107) | Training tasks (48) |');
  expect(table).toEqual([
    "| adapter of the task's description | 65.5% (65.5 to 100.0) | 74.5% (74.5 to 100.0) |",
    "| control: adapter of another task's description | 0.1% (0.1 to 100.0) |  |",
  ]);
  expect(card).toContain('not measured for this adapter');
  expect(card).not.toContain('settings');
});

test('figures of another shape are listed, and no figures are no section', () => {
  expect(text()).toContain('| unseen.exact\\_match | 0.5 |');
  const card = text({ ...FACTS, manifest: { ...smallManifest(), evaluation: {} } });
  expect(card).not.toContain('Evaluation');
});

test.each([
  ['HTML', '<script>x</script>', '&lt;script&gt;x&lt;/script&gt;'],
  ['an entity', '&lt;b&gt;', '&amp;lt;b&amp;gt;'],
  ['a link', '[a](https://b.example)', '\\[a\\](https&#58;//b.example)'],
  ['an image', '![a](b)', '!\\[a\\](b)'],
  ['a bare address', 'see https://b.example', 'see https&#58;//b.example'],
  ['a bare host', 'see www.b.example', 'see www&#46;b.example'],
  ['a mail address', 'a@b.example', 'a&#64;b.example'],
  ['code', '`c` ```d', '\\`c\\` \\`\\`\\`d'],
  ['a fence over lines', '```\nrm -rf /\n```', '\\`\\`\\` rm -rf / \\`\\`\\`'],
  ['a table', 'a | b', 'a \\| b'],
  ['a heading', '# a', '\\# a'],
  ['a rule', '---', '\\---'],
  ['a list', '- a', '\\- a'],
  ['a numbered list', '12. a', '12\\. a'],
  ['a quotation', '> a', '&gt; a'],
  ['maths', '$a$ ~b~', '\\$a\\$ \\~b\\~'],
  ['front matter', 'a\n---\nlicense: mit\n---', 'a --- license: mit ---'],
])('%s in a description is shown as written', (_case, description, shown) => {
  const card = text({ ...FACTS, input: { description } });
  expect(card.split('\n').find((line) => line.startsWith('> '))).toBe(`> ${shown}`);
  expect(front(card)).toEqual(front(text()));
  expect(card.split('\n')).toHaveLength(text().split('\n').length);
});

test('values of the manifest cannot break the front matter or the blocks of code', () => {
  const nasty = 'a"\n---\n```\n# b \u0085\u2028😀: c';
  const card = cardFor({ id: nasty, revision: nasty, license: nasty });
  expect(front(card)).toMatchObject({ base_model: nasty, license: nasty });
  expect(card.split('\n')).not.toContain('# b');
  expect(card.split('\n').filter((line) => line === '---')).toHaveLength(2);
  expect(card.match(/^```/gm)).toHaveLength(2 * (card.match(/^```\w+$/gm)?.length ?? 0));
  expect(card).toContain('vllm serve path/to/the/base-model --enable-lora');
});

test('every recipe of the card has the id, no host and what the program needs', () => {
  const attention = { heads: 1, kv_heads: 1, head_dim: 6 };
  const card = cardFor({ architecture: 'llama' }, { attention });
  expect(sections(card)).toEqual([
    'Get the files',
    'PEFT',
    'transformers',
    'vLLM',
    'SGLang',
    'LoRAX',
    'llama.cpp',
    'Ollama',
    'MLX',
  ]);
  expect(card).toContain(`hf download t2l/${ID} --local-dir adapter`);
  expect(card).toContain('--enable-lora --max-lora-rank 8');
  expect(card).toContain(`"lora_path": "t2l/${ID}"`);
  expect(card).toContain(`/v1/adapters/${ID}/adapter.gguf`);
  expect(card).toContain(`/v1/adapters/${ID}/$file?layout=mlx`);
  for (const [, host] of card.matchAll(/https?:\/\/([^/\s"`]+)/g)) {
    expect(host).toMatch(/^(your-endpoint|localhost:\d+)$/);
  }
});

test.each([
  ['mistralai/Mistral-7B-Instruct-v0.2', 'mistral', '@cf/mistral/mistral-7b-instruct-v0.2-lora'],
  ['google/gemma-2-2b-it', 'gemma2', undefined],
])('Workers AI is named for %s only if it has the model', (id, architecture, model) => {
  const card = cardFor({ id, architecture });
  expect(sections(card).includes('Workers AI')).toBe(model !== undefined);
  expect(card.includes(`env.AI.run("${model}"`)).toBe(model !== undefined);
});

test.each([
  ['an architecture that no server is known to run', { architecture: 'mamba' }, {}],
  ['a llama whose heads are not known', { architecture: 'llama' }, { attention: undefined }],
])('%s has no recipe for llama.cpp', (_case, base, others) => {
  const known = sections(cardFor(base, others));
  expect(known).toEqual(expect.arrayContaining(['PEFT', 'transformers', 'MLX']));
  expect(known).not.toContain('llama.cpp');
  expect(known).not.toContain('Ollama');
  expect(known.includes('vLLM')).toBe(base.architecture === 'llama');
});

test('the recipes are valid shell, and what they send is JSON', () => {
  const card = cardFor({ id: 'mistralai/Mistral-7B-Instruct-v0.2', architecture: 'mistral' });
  const scripts = [...card.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, script = '']) => script);
  expect(scripts.length).toBeGreaterThan(5);
  for (const script of scripts) {
    execFileSync('sh', ['-n'], { input: script });
    for (const [, body = ''] of script.matchAll(/-d '(.*)'/g)) {
      expect(JSON.stringify(JSON.parse(body))).toContain(ID);
    }
  }
});

test('a rank beyond what vLLM takes leaves it out', () => {
  expect(sections(cardFor({ architecture: 'llama' }, { rank: 9 })).includes('vLLM')).toBe(true);
  expect(cardFor({ architecture: 'llama' }, { rank: 9 })).toContain('--max-lora-rank 16');
  expect(sections(cardFor({ architecture: 'llama' }, { rank: 513 }))).not.toContain('vLLM');
});

test('equal facts give equal cards: nothing of the time or the place is in them', () => {
  const attention = { heads: 1, kv_heads: 1, head_dim: 6 };
  const one = cardFor({ architecture: 'llama' }, { attention });
  expect(cardFor({ architecture: 'llama' }, { attention })).toBe(one);
  expect(one).not.toMatch(/\b20\d\d-\d\d/);
});

test('a card says which PEFT loads it, and what Ollama is reported to do', () => {
  const card = cardFor({ architecture: 'llama' });
  expect(card).toContain('PEFT 0.18 or later');
  expect(card).toContain('0.19 or later');
});

test.each(['dora', 'ia3'] as const)(
  'a card of the kind %s says so, and has recipes of PEFT alone',
  (kind) => {
    const attention = { heads: 1, kv_heads: 1, head_dim: 6 };
    const { output, rank, modules } = kindTarget(kind);
    const id = 'mistralai/Mistral-7B-Instruct-v0.2';
    const others = { attention, rank, modules, ...(output && { output }) };
    const card = cardFor({ id, architecture: 'mistral' }, others);
    expect(front(card)).toMatchObject({ tags: [kind, 'peft', 'text-to-lora', 't2l:small'] });
    const title = { dora: 'DoRA', ia3: 'IA3' }[kind];
    expect(card).toContain(`\n# ${title} adapter generated from a description\n`);
    const own = kind === 'ia3' ? ['transformers'] : [];
    expect(sections(card)).toEqual(['Get the files', 'PEFT', ...own]);
    expect(card).toContain('model = PeftModel.from_pretrained(base, "adapter")');
    expect(card).toContain(
      `Its kind is ${title}, which PEFT ${own.length > 0 ? 'and transformers load' : 'loads'}`,
    );
    expect(card).toContain(
      kind === 'dora' ? 'vLLM refuses DoRA (`use_dora`)' : 'vLLM and LoRAX take LoRA only',
    );
    expect(card.includes('| Rank, alpha |')).toBe(kind === 'dora');
    expect(card.includes('| Factors on what they take | v\\_proj |')).toBe(kind === 'ia3');
  },
);
