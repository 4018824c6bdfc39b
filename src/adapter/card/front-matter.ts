/**
 * The YAML block at the top of a card, with the keys by which the Hugging Face Hub and its clients
 * file an adapter. It holds nothing that the description could reach: only values of the manifest,
 * each quoted. There is no `model-index`: the figures are the hypernetwork's, not the adapter's.
 */
import type { Manifest } from '../../bundle/manifest.ts';
import type { OutputKind } from '../../contract/output-kinds.ts';
import { outputOf } from '../../output/kinds.ts';
import { quoted } from './escape.ts';

/** What the block says, for the card and for whoever asks the Hub's protocol for it. */
export interface CardData {
  readonly base_model: string;
  readonly base_model_relation: string;
  readonly library_name: string;
  /** Of the base model; unknown once the bundle that says so is gone. */
  readonly license?: string;
  readonly pipeline_tag: string;
  readonly tags: readonly string[];
}

/** What every card says, beside the kind of the adapter. */
export const LIBRARY = 'peft';
export const PIPELINE = 'text-generation';
export const COMMON_TAGS = ['peft', 'text-to-lora'] as const;

/**
 * What the card of an adapter says of it; keys in order.
 *
 * @param hypernet name of the hypernetwork that made it
 * @param kind of the adapter: its first tag
 */
export function cardData(
  hypernet: string,
  kind: OutputKind,
  base: { readonly id: string; readonly license?: string },
): CardData {
  return {
    base_model: base.id,
    base_model_relation: 'adapter',
    library_name: LIBRARY,
    ...(base.license !== undefined && { license: base.license }),
    pipeline_tag: PIPELINE,
    tags: [kind, ...COMMON_TAGS, `t2l:${hypernet}`],
  };
}

/** The lines of the block, with its fences. */
export function frontMatter({ name, target }: Pick<Manifest, 'name' | 'target'>): string[] {
  const members: [string, string | readonly string[]][] = Object.entries(
    cardData(name, outputOf(target).kind, target.base_model),
  );
  const lines = members.map(([key, value]) =>
    typeof value === 'string'
      ? `${key}: ${quoted(value)}`
      : `${key}: [${value.map(quoted).join(', ')}]`,
  );
  return ['---', ...lines, '---'];
}
