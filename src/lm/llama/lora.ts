/**
 * An adapter as the graphs take it: one pair a site, whatever modules the adapter is for.
 *
 * An adapter has A [layers, rank, in] and B [layers, out, rank] of every module; the modules of a site
 * read the same x, so their ranks stand side by side in the site's A, and each has its columns in B:
 *
 *   A [in, r1 + r2]        B  | B1^T  0    |   [r1 + r2, out1 + out2]
 *                             | 0     B2^T |
 *
 * A site without an adapter has rank 0, which costs nothing.
 */

import type { OrtTensor } from '../../ort/session.ts';
import type { LoraWeights } from '../../output/lora-weights.ts';
import type { LlamaConfig } from './config.ts';
import type { Span } from './graph.ts';
import { type Site, sitesOf } from './sites.ts';

/** The part of a graph's LoRA inputs that is for some layers; nothing is copied. */
export function feedsOfSpan(
  feeds: Readonly<Record<string, OrtTensor>>,
  { from, to }: Span,
): Record<string, OrtTensor> {
  return Object.fromEntries(
    Object.entries(feeds).map(
      ([
        name,
        {
          data,
          dims: [layers = 1, ...rest],
        },
      ]) => {
        const size = data.length / layers;
        const part = (data as Float32Array).subarray(from * size, to * size);
        return [name, { type: 'float32', data: part, dims: [to - from, ...rest] }];
      },
    ),
  );
}

/**
 * The LoRA inputs of all layers.
 *
 * @throws Error if the adapter is for other modules, or for another model
 */
export function siteFeeds(
  config: LlamaConfig,
  lora: LoraWeights | undefined,
): Record<string, OrtTensor> {
  const sites = sitesOf(config);
  const known = new Set(sites.flatMap(({ modules }) => modules.map(({ name }) => name)));
  for (const name of lora?.keys() ?? []) {
    if (!known.has(name)) {
      throw new Error(`the base model takes no adapter for ${name}`);
    }
  }
  return Object.assign({}, ...sites.map((site) => feedsOf(site, config.layers, lora)));
}

function feedsOf(
  site: Site,
  layers: number,
  lora: LoraWeights | undefined,
): Record<string, OrtTensor> {
  const ranks = site.modules.map(({ name, out }) => {
    const pair = lora?.get(name);
    const rank = (pair?.A.length ?? 0) / (layers * site.in);
    if (!Number.isInteger(rank) || (pair?.B.length ?? 0) !== layers * out * rank) {
      throw new Error(`the adapter's ${name} does not fit the base model`);
    }
    return rank;
  });
  const total = ranks.reduce((sum, rank) => sum + rank, 0);
  const A = new Float32Array(layers * site.in * total);
  const B = new Float32Array(layers * total * site.out);
  let row = 0;
  let column = 0;
  for (const [at, { name, out }] of site.modules.entries()) {
    const rank = ranks[at] as number;
    const pair = lora?.get(name);
    if (pair !== undefined) {
      for (let layer = 0; layer < layers; layer++) {
        for (let r = 0; r < rank; r++) {
          for (let k = 0; k < site.in; k++) {
            A[(layer * site.in + k) * total + row + r] = pair.A[
              (layer * rank + r) * site.in + k
            ] as number;
          }
          for (let k = 0; k < out; k++) {
            B[(layer * total + row + r) * site.out + column + k] = pair.B[
              (layer * out + k) * rank + r
            ] as number;
          }
        }
      }
    }
    row += rank;
    column += out;
  }
  return {
    [`${site.name}.A`]: { type: 'float32', data: A, dims: [layers, site.in, total] },
    [`${site.name}.B`]: { type: 'float32', data: B, dims: [layers, total, site.out] },
  };
}
