/** Which files a graph consists of. */
import type { Graph } from './manifest.ts';

/** The files of a graph; the first is the one that stays loaded. */
export function graphFiles(graph: Graph): string[] {
  return 'file' in graph
    ? [graph.file]
    : [graph.body, ...(graph.stages ?? []), ...graph.chunks.map(({ file }) => file)];
}
