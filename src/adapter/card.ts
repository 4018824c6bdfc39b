/**
 * The model card, README.md: what the adapter is, what made it, how far to trust it and how to load
 * it. It has no time and no host name, so every endpoint of this version writes the same; but it is no
 * part of what an adapter id stands for, and its wording may change. The description is a stranger's text
 * in a file that other sites render, so it is escaped; the parts of a card are in `card/`.
 */

import type { Manifest, Precision } from '../bundle/manifest.ts';
import type { AdapterInput } from '../contract/adapter-id.ts';
import { KIND_TITLES } from '../contract/output-kinds.ts';
import { outputOf } from '../output/kinds.ts';
import { escapeMarkdown } from './card/escape.ts';
import { evaluationSection } from './card/evaluation.ts';
import { fitSection } from './card/fit.ts';
import { frontMatter } from './card/front-matter.ts';
import { useSection } from './card/use.ts';
import type { Fit } from './fit.ts';
import type { AdapterDtype, AdapterFile } from './peft.ts';

/** What people and the Hub call a card. */
export const CARD_FILE = 'README.md';

/** What the card tells of. */
export interface CardFacts {
  /** Of the adapter; null if its bytes are not those that an id stands for. */
  readonly id: string | null;
  readonly manifest: Manifest;
  /** Of the manifest. */
  readonly digest: string;
  readonly input: AdapterInput;
  readonly precision: Precision;
  readonly dtype: AdapterDtype;
  readonly strength: number;
  readonly parameters: number;
  readonly fit: Fit;
}

/** The README.md of an adapter. */
export function modelCard(facts: CardFacts): AdapterFile {
  const { id, manifest, dtype, fit } = facts;
  const lines = [
    ...frontMatter(manifest),
    '',
    `# ${KIND_TITLES[outputOf(manifest.target).kind]} adapter generated from a description`,
    '',
    ...describeInput(facts.input),
    '',
    'The weights were not trained for this task: a hypernetwork wrote them in one forward pass.',
    '',
    ...factTable(facts),
    '',
    ...fitSection(fit, manifest.fit),
    ...evaluationSection(manifest.evaluation),
    ...useSection({ id, target: manifest.target, dtype }),
  ];
  return {
    name: CARD_FILE,
    contentType: 'text/markdown; charset=utf-8',
    bytes: new TextEncoder().encode(lines.join('\n')),
  };
}

function describeInput(input: AdapterInput): string[] {
  return 'description' in input
    ? ['Description:', '', `> ${escapeMarkdown(input.description)}`]
    : ['Made from an embedding that was given instead of a description.'];
}

function factTable(facts: CardFacts): string[] {
  const { id, manifest, digest, precision, dtype, strength, parameters } = facts;
  const { base_model: base, modules, layers } = manifest.target;
  const names = modules.map(({ name }) => escapeMarkdown(name)).join(', ');
  const hypernet = `${escapeMarkdown(manifest.name)} ${manifest.version}, variant ${manifest.variant}`;
  return [
    '| | |',
    '|---|---|',
    id === null
      ? '| Adapter id | none: it was made on a GPU, whose rounding is its own |'
      : `| Adapter id | \`${id}\` |`,
    `| Base model | ${escapeMarkdown(base.id)}, revision ${escapeMarkdown(base.revision)} |`,
    `| Hypernetwork | ${hypernet}, run in ${precision} |`,
    `| Digest of the hypernetwork | \`${digest}\` |`,
    `| Target modules | ${names} in ${layers} layers |`,
    ...kindRows(manifest),
    `| Parameters | ${parameters}, ${dtype} |`,
    `| Strength | ${strength} |`,
  ];
}

/** What there is to say of some kinds only. */
function kindRows({ target }: Pick<Manifest, 'target'>): string[] {
  const { modules, rank } = target;
  const scaled = modules.filter(({ feedforward }) => feedforward);
  switch (outputOf(target).kind) {
    case 'lora':
      return [`| Rank, alpha | ${rank}, ${rank} |`];
    case 'dora':
      return [
        `| Rank, alpha | ${rank}, ${rank} |`,
        '| Kind | DoRA: a low-rank update, and a length for every row of the weights |',
      ];
    case 'ia3':
      return [
        '| Kind | IA3: factors on what the modules give |',
        ...(scaled.length === 0
          ? []
          : [
              `| Factors on what they take | ${scaled.map(({ name }) => escapeMarkdown(name)).join(', ')} |`,
            ]),
      ];
  }
}
