/**
 * The manifest's `fit`: what a bundle says of what it was trained on, and the matrices of its fit file.
 *
 * A bundle has numbers for one formula at most: `calibration`, or `predictor` if it was made before
 * there were calibrations. Both formulas are in `adapter/fit/`; where the numbers come from is in
 * `training/t2l/export/bundle/predictor.py`.
 */
import * as z from 'zod';

const count = z.int().positive();
const numbers = z.array(z.number());

/** A bucket with its sign is kept as a 16-bit number, and what is drawn grows with the probes. */
const MAX_WIDTH = 32_768;
const MAX_PROBES = 64;
/** One sentence, which cards and documents repeat. */
const MAX_SIZES_CHARACTERS = 300;

/** The formula of bundles before t2l-mini 4.1. */
const predictorSchema = z.strictObject({
  temperature: z.number().positive(),
  topic: z.strictObject({
    bias: z.number(),
    similarity: z.number(),
    direction: numbers.optional(), // bundles before t2l-mini 3 have none
  }),
  match: z.strictObject({ bias: z.number(), success: z.number(), direction: numbers }),
});

/** The coefficients of `match`. */
const matchSchema = z.strictObject({
  bias: z.number(),
  adapter: z.number(),
  entry: z.number(),
  similarity: z.number(),
  missing: z.number(),
  direction: numbers,
});

/** Where each reason begins; without `missing`, steps are not read well enough to be named. */
const reasonsSchema = z.strictObject({
  score: z.number(),
  entry: z.number(),
  adapter: z.number(),
  success: z.number(),
  missing: z.number().optional(),
});

const calibrationSchema = z.strictObject({
  adapters: z.strictObject({
    modules: z.array(z.string()).min(1),
    probes: count.max(MAX_PROBES),
    width: count.max(MAX_WIDTH),
    rank: count,
    offset: numbers,
  }),
  /** Absent from networks that do not begin with a linear layer. */
  entry: z.strictObject({ bias: numbers.min(1) }).optional(),
  /** Absent where tasks have no steps. */
  steps: z
    .strictObject({
      names: z.array(z.string()).min(1),
      bias: numbers,
      tasks: z.array(z.array(z.int().nonnegative())),
    })
    .optional(),
  temperature: z.number().positive(),
  trust: numbers,
  topic: z.strictObject({ bias: z.number(), entry: z.number() }),
  match: matchSchema,
  reasons: reasonsSchema,
  /** For descriptions that are worded like the grammars' phrasings; bundles before t2l-mini 4.2 have none. */
  phrased: z
    .strictObject({
      gate: z.strictObject({ bias: z.number(), direction: numbers }),
      trust: numbers,
      match: matchSchema,
      reasons: reasonsSchema,
    })
    .optional(),
});

/** `success` is the exact match of every training task. */
export const fitSchema = z.strictObject({
  file: z.string(), // a name, as `files` has it
  dim: count,
  tasks: z.array(z.string()).min(1),
  thresholds: z.strictObject({ good: z.number(), uncertain: z.number() }),
  success: z.array(z.number().min(0).max(1)).optional(),
  predictor: predictorSchema.optional(),
  calibration: calibrationSchema.optional(),
  /** The share of exact match that is left at other strengths than 1. */
  strengths: z
    .array(z.strictObject({ strength: z.number(), factor: z.number().nonnegative() }))
    .min(1)
    .optional(),
  /** A sentence on the sizes of input that training had, and on what lies beyond. */
  sizes: z.string().min(1).max(MAX_SIZES_CHARACTERS).optional(),
});

/** The training tasks that a description is compared with. */
export type FitSpec = z.infer<typeof fitSchema>;

/** The numbers of the formula that looks at the adapter too. */
export type CalibrationSpec = NonNullable<FitSpec['calibration']>;

/** One of a calibration's sets of coefficients. */
export type CoefficientsSpec = Pick<CalibrationSpec, 'trust' | 'match' | 'reasons'>;

/** The numbers of the formula that looks at the description alone. */
export type PredictorSpec = NonNullable<FitSpec['predictor']>;

/** Strengths and the shares of exact match that are left at them, ascending. */
export type StrengthTable = NonNullable<FitSpec['strengths']>;

/** The matrices of a fit file: float16, little-endian, row-major, one after the other. */
export type FitMatrix = 'tasks' | 'adapters' | 'projection' | 'entries' | 'entry' | 'reader';

/** Rows and columns of each matrix, in the order of the file. */
export function fitMatrices(fit: FitSpec): readonly (readonly [FitMatrix, number, number])[] {
  const { dim, calibration } = fit;
  const tasks = fit.tasks.length;
  const matrices: [FitMatrix, number, number][] = [['tasks', tasks, dim]];
  if (calibration !== undefined) {
    const { adapters, entry, steps } = calibration;
    matrices.push(
      ['adapters', tasks, adapters.rank],
      ['projection', adapters.rank, adapters.width],
    );
    if (entry !== undefined) {
      matrices.push(['entries', tasks, entry.bias.length], ['entry', entry.bias.length, dim]);
    }
    if (steps !== undefined) {
      matrices.push(['reader', steps.names.length, dim]);
    }
  }
  return matrices;
}

/** How large a fit file must be. */
export function fitFileBytes(fit: FitSpec): number {
  const values = fitMatrices(fit).reduce((sum, [, rows, columns]) => sum + rows * columns, 0);
  return values * Uint16Array.BYTES_PER_ELEMENT;
}
