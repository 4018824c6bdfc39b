/** The same networks in PyTorch on one CPU thread, without endpoint, encoder and files. */
import { z } from 'zod';
import { type NetworkSpec, runTraining, shapeOptions } from './random-bundle.ts';

const answerSchema = z.object({ parameters: z.int(), runs: z.int(), median_ms: z.number() });

/** How long PyTorch takes for one embedding. */
export type PytorchTime = z.output<typeof answerSchema>;

/** Measures a network with random weights in float32. */
export function measurePytorch(spec: NetworkSpec, runs: number): PytorchTime {
  const output = runTraining('t2l.commands.bench_torch', [
    ...shapeOptions(spec),
    '--runs',
    String(runs),
  ]);
  return answerSchema.parse(JSON.parse(output));
}
