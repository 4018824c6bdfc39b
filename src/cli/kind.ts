/** The kind of an adapter on a terminal: of a LoRA, which most are, its rank is enough. */
import { KIND_TITLES } from '../contract/output-kinds.ts';
import type { Output } from '../sdk/index.ts';

/** "rank 8", "DoRA of rank 8", "IA3". */
export function kindText({ output, rank }: { readonly output: Output; readonly rank: number }) {
  const title = KIND_TITLES[output];
  return output === 'lora'
    ? `rank ${rank}`
    : output === 'dora'
      ? `${title} of rank ${rank}`
      : title;
}
