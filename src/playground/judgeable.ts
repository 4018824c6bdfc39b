/**
 * Whether drafts can be judged in the page: by the hypernetwork itself, which is fetched for it. That is
 * not done for a large one, nor in a browser that is to save data, and only where the encoder runs here.
 */
import type { HypernetList } from '../sdk/index.ts';

/** Of a hypernetwork's graph; the encoders that run here are of about 24 MB. */
const MOST_GRAPH_BYTES = 16e6;

/**
 * The name of the hypernetwork that judges.
 *
 * @param name of the one that was chosen; undefined: the default one
 * @param savesData whether the browser is to save data
 * @returns undefined if none does
 */
export function judgeable(
  list: HypernetList | undefined,
  name: string | undefined,
  savesData: boolean,
): string | undefined {
  const family = list?.hypernets.find((one) => one.name === (name ?? list.default));
  const version = family?.versions.find(({ digest }) => digest === family.active);
  if (version?.fit === undefined || savesData) {
    return undefined;
  }
  const needs = version.needs.precisions[version.precision as 'float32' | 'int8'];
  const small = needs?.whole === true && needs.graph_bytes <= MOST_GRAPH_BYTES;
  return small && version.encoder.kind === 'onnx' ? family?.name : undefined;
}
