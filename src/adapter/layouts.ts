/** The other layouts an adapter can be had in, and their files. */

import type { Target } from '../bundle/manifest.ts';
import { T2lError } from '../contract/errors.ts';
import { ggufFile } from './gguf.ts';
import type { LayoutFacts, LayoutFile } from './layout.ts';
import { mlxFiles } from './mlx.ts';
import { workersAiFiles } from './workers-ai.ts';

/** What `?layout=` may be; `peft` is how adapters are stored. */
export const LAYOUTS = ['peft', 'workers-ai', 'mlx'] as const;

/** Formats that are made on demand; GGUF is one file with a name of its own. */
export const FORMATS = ['gguf', 'workers-ai', 'mlx'] as const;

/** A format that is made on demand. */
export type Format = (typeof FORMATS)[number];

/** Formats, each with the names of its files. */
export type Formats = ReadonlyMap<Format, readonly string[]>;

const FILES: Readonly<Record<Format, (facts: LayoutFacts) => LayoutFile[]>> = {
  gguf: (facts) => [ggufFile(facts)],
  'workers-ai': workersAiFiles,
  mlx: mlxFiles,
};

/**
 * The files of a format.
 *
 * @throws T2lError `layout_unavailable` if the base model cannot have it
 */
export function formatFiles(format: Format, facts: LayoutFacts): LayoutFile[] {
  return FILES[format](facts);
}

/** Plans take a millisecond and a target has one answer: it is remembered as long as the target. */
const remembered = new WeakMap<Target, Formats>();

/** Every format that adapters for a target can be had in. */
export function availableFormats(target: Target): Formats {
  const known = remembered.get(target) ?? planFormats(target);
  remembered.set(target, known);
  return known;
}

function planFormats(target: Target): Formats {
  const facts: LayoutFacts = { id: '', target, dtype: 'float16' };
  const available = new Map<Format, string[]>();
  for (const format of FORMATS) {
    try {
      const files = formatFiles(format, facts);
      available.set(
        format,
        files.map(({ name }) => name),
      );
    } catch (error) {
      if (!(error instanceof T2lError && error.code === 'layout_unavailable')) {
        throw error;
      }
    }
  }
  return available;
}
