/**
 * The body of a large hypernetwork, in graphs that run one after the other: only the first stays
 * loaded. Each takes values by the names that graphs before it gave them, and gives new ones; in the
 * end there are the `features.<module>` that the heads read. The values are small, the weights are not.
 */

import type { Device } from '../ort/device.ts';
import type { OrtTensor } from '../ort/session.ts';
import { graphInvalid, runOnce } from './graph.ts';

/** Values of a body by name. */
export type Values = Readonly<Record<string, OrtTensor>>;

/**
 * Runs the stages and puts what they give beside what there is.
 *
 * @param read the verified bytes of a file; they are freed
 * @throws T2lError `bundle_graph_invalid` if a stage takes what no graph before it gives
 */
export async function runStages(
  files: readonly string[],
  read: (file: string) => Promise<Uint8Array>,
  given: Values,
  device: Device,
): Promise<Values> {
  let values = given;
  for (const file of files) {
    values = { ...values, ...(await runStage(file, await read(file), values, device)) };
  }
  return values;
}

async function runStage(
  file: string,
  bytes: Uint8Array,
  values: Values,
  device: Device,
): Promise<Values> {
  return runOnce(file, bytes, device, ({ inputs, inputShapes }) =>
    Object.fromEntries(
      inputs.map((name) => {
        const value = values[name];
        const shape = inputShapes.get(name) ?? [];
        if (value === undefined || shape.join() !== value.dims.join()) {
          const found = value ? `it is [${value.dims}]` : 'no graph before it gives it';
          throw graphInvalid(file, `takes ${name} as [${shape}], but ${found}`);
        }
        return [name, value];
      }),
    ),
  );
}
