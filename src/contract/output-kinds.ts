/** The kinds of adapters that hypernetworks write; `lora` is meant where nothing is said. */
export const OUTPUT_KINDS = ['lora', 'dora', 'ia3'] as const;

/** A kind of adapter. */
export type OutputKind = (typeof OUTPUT_KINDS)[number];

/** What people call each. */
export const KIND_TITLES: Readonly<Record<OutputKind, string>> = {
  lora: 'LoRA',
  dora: 'DoRA',
  ia3: 'IA3',
};
