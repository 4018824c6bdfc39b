/** The files of an adapter in one of its layouts, from whoever makes them. PEFT's have the card beside them. */
import { CARD_FILE } from '../adapter/card.ts';
import { T2lError } from '../contract/errors.ts';
import { KIND_TITLES } from '../contract/output-kinds.ts';
import type { AdapterDocument } from '../sdk/index.ts';
import type { Layout } from './options.ts';
import type { Service } from './service.ts';

/** Reads all files of a layout into memory. */
export async function readLayout(
  service: Service,
  document: AdapterDocument,
  layout: Layout,
  signal: AbortSignal,
): Promise<Map<string, Uint8Array>> {
  const files = new Map<string, Uint8Array>();
  for (const name of namesOf(document, layout)) {
    // GGUF is one file with a name of its own; the others share names and differ by layout.
    const choice = layout === 'peft' || layout === 'gguf' ? {} : { layout };
    files.set(name, await service.download(document, name, { ...choice, signal }));
  }
  return files;
}

function namesOf(document: AdapterDocument, layout: Layout): string[] {
  if (layout === 'peft') {
    return [...Object.keys(document.files), ...(document.card === undefined ? [] : [CARD_FILE])];
  }
  const names = Object.keys(document.formats[layout] ?? {});
  if (names.length === 0) {
    const others = ['peft', ...Object.keys(document.formats)].join(', ');
    throw new T2lError(
      'layout_unavailable',
      `${adapterOf(document)} has no ${layout} layout; it has ${others}.`,
    );
  }
  return names;
}

/** What lacks a layout: the base model decides, or the kind. */
function adapterOf({ output, base_model }: AdapterDocument): string {
  return output === 'lora'
    ? `An adapter for ${base_model}`
    : `An adapter of the kind ${KIND_TITLES[output]}`;
}
