/**
 * The YAML block at the top of a card, with the keys by which the Hugging Face Hub and its clients
 * file an adapter. It holds nothing that the description could reach: only values of the manifest,
 * each quoted. There is no `model-index`: the figures are the hypernetwork's, not the adapter's.
 */
import type { Manifest } from '../../hypernet/manifest.ts';
import { quoted } from './escape.ts';

/** The lines of the block, with its fences. */
export function frontMatter({ name, target }: Manifest): string[] {
  const tags = ['lora', 'peft', 'text-to-lora', `t2l:${name}`];
  return [
    '---',
    `base_model: ${quoted(target.base_model.id)}`,
    'base_model_relation: "adapter"',
    'library_name: "peft"',
    `license: ${quoted(target.base_model.license)}`,
    'pipeline_tag: "text-generation"',
    `tags: [${tags.map(quoted).join(', ')}]`,
    '---',
  ];
}
