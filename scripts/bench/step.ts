/** A step of meta-training beside the least that it could cost: `python -m t2l bench` measures, this reads. */
import { z } from 'zod';
import { runTraining } from './random-bundle.ts';

const medianSchema = z.object({ median: z.number(), low: z.number(), high: z.number() });
const ratioSchema = z.object({ wall: medianSchema, cpu: medianSchema });

const stepSchema = z.object({
  device: z.string(),
  threads: z.int(),
  precision: z.string(),
  torch: z.string(),
  sizes: z.looseObject({ layers: z.int(), hidden: z.int(), rounds: z.int() }),
  tokens: z.int(),
  answers: z.int(),
  steps: z.record(
    z.string(),
    z.object({
      wall_ms: medianSchema,
      cpu_ms: medianSchema,
      tokens_per_s: z.number(),
      saved_bytes: z.int(),
      extra_bytes: z.int(),
    }),
  ),
  over_floor: ratioSchema,
  over_repetition: ratioSchema,
  extra_share: z.number(),
  logits: ratioSchema,
  bars: z.array(
    z.object({ what: z.string(), value: z.number(), bound: z.number(), met: z.boolean() }),
  ),
});

/** What the command found. */
export type StepFigures = z.output<typeof stepSchema>;

/** Measures it in Python, with the environment of training. */
export function measureStep(): StepFigures {
  return stepSchema.parse(JSON.parse(runTraining('t2l', ['bench', '--json'])));
}

/** The kinds of step as rows of cells, the head first. */
export function stepRows({ steps }: StepFigures): string[][] {
  return [
    ['step', 'CPU ms', 'wall ms', 'tokens/s', 'kept MB', 'beside the floor MB'],
    ...Object.entries(steps).map(([name, one]) => [
      name,
      interval(one.cpu_ms, 0),
      interval(one.wall_ms, 0),
      one.tokens_per_s.toFixed(0),
      (one.saved_bytes / 1e6).toFixed(1),
      (one.extra_bytes / 1e6).toFixed(1),
    ]),
  ];
}

/** How they compare, as rows of cells. */
export function stepRatios(figures: StepFigures): string[][] {
  const rows = [
    ['ours over the floor', figures.over_floor],
    ['ours over the repetition', figures.over_repetition],
    ['logits at all places over logits at answers', figures.logits],
  ] as const;
  return [
    ['ratio', 'CPU time', 'wall time'],
    ...rows.map(([what, { cpu, wall }]) => [what, interval(cpu, 3), interval(wall, 3)]),
  ];
}

function interval({ median, low, high }: z.output<typeof medianSchema>, digits: number): string {
  return `${median.toFixed(digits)} (${low.toFixed(digits)} to ${high.toFixed(digits)})`;
}
