/**
 * The model card, README.md: what the adapter is, what made it, and how far to trust it.
 *
 * The description is a stranger's text in a file that other sites render, so it is escaped; the front
 * matter holds only values from the manifest, each written as JSON, which is valid YAML.
 */
import type { AdapterInput } from '../adapter-id.ts';
import type { Manifest, Precision } from '../hypernet/manifest.ts';
import type { Fit } from './fit.ts';
import type { AdapterDtype, AdapterFile } from './peft.ts';

/** What the card tells of. */
export interface CardFacts {
  readonly manifest: Manifest;
  readonly digest: string;
  readonly input: AdapterInput;
  readonly precision: Precision;
  readonly dtype: AdapterDtype;
  readonly strength: number;
  readonly parameters: number;
  readonly fit: Fit;
}

const VERDICTS: Readonly<Record<Exclude<Fit['verdict'], 'unknown'>, string>> = {
  good: 'expect the adapter to work: descriptions like this one mostly do',
  uncertain: 'the adapter may or may not work: test it before use',
  unfit: 'do not expect the adapter to work: the description is far from what was trained on',
};

/** The README.md of an adapter. */
export function modelCard(facts: CardFacts): AdapterFile {
  const { manifest, fit } = facts;
  const { base_model: base, modules, layers, rank } = manifest.target;
  const evaluation = evaluationRows(manifest.evaluation);
  const lines = [
    '---',
    `base_model: ${JSON.stringify(base.id)}`,
    'library_name: "peft"',
    `license: ${JSON.stringify(base.license)}`,
    'pipeline_tag: "text-generation"',
    'tags: ["lora", "peft", "text-to-lora"]',
    '---',
    '',
    '# LoRA adapter generated from a description',
    '',
    ...describeInput(facts.input),
    '',
    'The weights were not trained for this task: a hypernetwork wrote them in one forward pass.',
    '',
    '| | |',
    '|---|---|',
    `| Base model | ${escapeMarkdown(base.id)}, revision \`${base.revision}\` |`,
    `| Hypernetwork | ${escapeMarkdown(manifest.name)} ${manifest.version}, variant ${manifest.variant}, ${facts.precision} |`,
    `| Digest | \`${facts.digest}\` |`,
    `| Target | ${modules.map(({ name }) => escapeMarkdown(name)).join(', ')} in ${layers} layers, rank ${rank} |`,
    `| Parameters | ${facts.parameters}, ${facts.dtype} |`,
    `| Strength | ${facts.strength} |`,
    '',
    '## Fit',
    '',
    describeFit(fit),
    '',
    ...fit.nearest.map(({ task, similarity }) => `- ${similarity}: ${escapeMarkdown(task)}`),
    '',
    ...(evaluation.length === 0
      ? []
      : [
          '## Evaluation of the hypernetwork',
          '',
          'Measured over tasks it never saw, not for this adapter.',
          '',
          '| | |',
          '|---|---|',
          ...evaluation,
          '',
        ]),
    '## Use',
    '',
    '```python',
    'from peft import PeftModel',
    'from transformers import AutoModelForCausalLM',
    '',
    'base = AutoModelForCausalLM.from_pretrained(',
    `    ${JSON.stringify(base.id)}, revision=${JSON.stringify(base.revision)}`,
    ')',
    'model = PeftModel.from_pretrained(base, "path/to/this/folder")',
    '```',
    '',
  ];
  return {
    name: 'README.md',
    contentType: 'text/markdown; charset=utf-8',
    bytes: new TextEncoder().encode(lines.join('\n')),
  };
}

function describeInput(input: AdapterInput): string[] {
  return 'description' in input
    ? ['Description:', '', `> ${escapeMarkdown(input.description)}`]
    : ['Made from an embedding that was given instead of a description.'];
}

function describeFit({ verdict, score }: Fit): string {
  return verdict === 'unknown'
    ? '**unknown**: nothing is known about how well the description fits; the hypernetwork came ' +
        'without the descriptions it was trained on. Test the adapter before use.'
    : `**${verdict}** (${score}): ${VERDICTS[verdict]}.`;
}

/** One row a figure; nested objects are flattened with dotted names, lists are left out. */
function evaluationRows(evaluation: Manifest['evaluation'], prefix = ''): string[] {
  return Object.entries(evaluation).flatMap(([key, value]) => {
    if (value !== null && typeof value === 'object') {
      return Array.isArray(value)
        ? []
        : evaluationRows(value as Manifest['evaluation'], `${prefix}${key}.`);
    }
    return [`| ${escapeMarkdown(prefix + key)} | ${escapeMarkdown(String(value))} |`];
  });
}

/** Markdown and HTML in `text` made to show as written, on one line. */
function escapeMarkdown(text: string): string {
  return text
    .replace(/[\\`*_{}[\]#|~$]/g, '\\$&')
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replace(/\s+/gu, ' ');
}
