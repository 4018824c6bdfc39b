/** The training tasks of a bundle, read from its fit file once and kept. */
import type { Bundle } from '../../bundle/bundle.ts';
import {
  type FitMatrix,
  type FitSpec,
  fitFileBytes,
  fitMatrices,
  type StrengthTable,
} from '../../bundle/fit-spec.ts';
import { createLatest } from '../../bundle/latest.ts';
import type { Manifest, Target } from '../../bundle/manifest.ts';
import { decodeFloat16 } from '../float16.ts';
import type { Calibration } from './calibrated.ts';
import type { Matrix } from './matrix.ts';
import type { Predictor } from './predictor.ts';
import { createSketcher } from './sketch.ts';

/** The training tasks of one bundle, ready to be compared with. */
export interface FitTable {
  readonly tasks: readonly string[];
  /** Unit rows, [tasks, dim]. */
  readonly rows: Matrix;
  readonly thresholds: { readonly good: number; readonly uncertain: number };
  /** Exact match of every task; empty if it is not known. */
  readonly success: readonly number[];
  /** At most one of the two; without them the score is the highest cosine. */
  readonly predictor: Predictor | undefined;
  readonly calibration: Calibration | undefined;
  readonly strengths: StrengthTable | undefined;
}

/** Tables are small; those of the last bundles stay. */
const TABLES_KEPT = 4;
const tables = createLatest<FitTable>(TABLES_KEPT);

/** The fit table of a bundle; undefined if the bundle does not say what it was trained on. */
export async function loadFitTable(bundle: Bundle): Promise<FitTable | undefined> {
  const { fit, target } = bundle.manifest;
  return (
    fit &&
    tables(bundle.digest, async () => parseFitTable({ fit, target }, await bundle.read(fit.file)))
  );
}

/** Reads the fit table of a bundle from the bytes of its fit file. */
export function parseFitTable(
  { fit, target }: { readonly fit: FitSpec; readonly target: Manifest['target'] },
  bytes: Uint8Array,
): FitTable {
  const expected = fitFileBytes(fit);
  if (bytes.length !== expected) {
    throw new Error(`${fit.file} has ${bytes.length} bytes where ${expected} are expected`);
  }
  // A copy, because a view of 16-bit values needs an even offset.
  const halves = new Uint16Array(bytes.slice().buffer);
  const matrices = new Map<FitMatrix, Matrix>();
  let start = 0;
  for (const [name, rows, columns] of fitMatrices(fit)) {
    const end = start + rows * columns;
    matrices.set(name, { values: decodeFloat16(halves.subarray(start, end)), rows, columns });
    start = end;
  }
  const { success } = fit;
  return {
    tasks: fit.tasks,
    rows: matrices.get('tasks') as Matrix,
    thresholds: fit.thresholds,
    success: success ?? [],
    predictor: fit.predictor && success && { ...fit.predictor, success },
    calibration: fit.calibration && calibrationOf(fit.calibration, target, matrices),
    strengths: fit.strengths,
  };
}

function calibrationOf(
  spec: NonNullable<FitSpec['calibration']>,
  target: Target,
  matrices: ReadonlyMap<FitMatrix, Matrix>,
): Calibration {
  const [entries, weight] = [matrices.get('entries'), matrices.get('entry')];
  return {
    ...spec,
    sketcher: createSketcher(target, spec.adapters),
    likenesses: matrices.get('adapters') as Matrix,
    projection: matrices.get('projection') as Matrix,
    layer: entries && weight && { entries, weight },
    reader: matrices.get('reader'),
  };
}
