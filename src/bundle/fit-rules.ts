/** The rules of the manifest's `fit` that its shape cannot say: lengths, order, and the file's size. */
import type {
  CalibrationSpec,
  CoefficientsSpec,
  FitSpec,
  PredictorSpec,
  StrengthTable,
} from './fit-spec.ts';
import { fitFileBytes } from './fit-spec.ts';

/** What the rules compare `fit` with. */
interface Around {
  /** Dimension of the encoder. */
  readonly dim: number;
  /** Names of the target's modules, in order. */
  readonly modules: readonly string[];
  /** Size of the fit file; undefined: it is not listed, which another rule says. */
  readonly fileBytes: number | undefined;
}

type Issue = (path: string[], message: string) => void;

/** Adds an issue for every rule that is broken. */
export function checkFit(fit: FitSpec, around: Around, add: Issue): void {
  const issue: Issue = (path, message) => add(['fit', ...path], message);
  function length(path: string[], values: readonly unknown[], wanted: number, what: string): void {
    if (values.length !== wanted) {
      issue(path, `has ${values.length} values for ${wanted} ${what}`);
    }
  }
  const { dim, tasks, success, predictor, calibration, strengths } = fit;
  if (dim !== around.dim) {
    issue(['dim'], `differs from the dimension of the encoder, ${around.dim}`);
  }
  if (predictor !== undefined && calibration !== undefined) {
    issue(['predictor'], 'must be left out where there is a calibration');
  }
  if (success === undefined && (predictor ?? calibration) !== undefined) {
    issue(['success'], `is needed by the ${predictor ? 'predictor' : 'calibration'}`);
  }
  if (success !== undefined) {
    length(['success'], success, tasks.length, 'tasks');
  }
  checkPredictor(predictor, dim, length);
  if (calibration !== undefined) {
    checkCalibration(calibration, fit, around.modules, issue, length);
  }
  if (strengths !== undefined) {
    checkStrengths(strengths, issue);
  }
  const bytes = fitFileBytes(fit);
  if (around.fileBytes !== undefined && around.fileBytes !== bytes) {
    issue(['file'], `is listed with ${around.fileBytes} bytes; its matrices have ${bytes}`);
  }
}

type Length = (path: string[], values: readonly unknown[], wanted: number, what: string) => void;

const EMBEDDING = 'numbers of an embedding';

function checkPredictor(predictor: PredictorSpec | undefined, dim: number, length: Length): void {
  for (const factor of ['topic', 'match'] as const) {
    const direction = predictor?.[factor].direction;
    if (direction !== undefined) {
      length(['predictor', factor, 'direction'], direction, dim, EMBEDDING);
    }
  }
}

function checkCalibration(
  calibration: CalibrationSpec,
  { dim, tasks }: FitSpec,
  modules: readonly string[],
  issue: Issue,
  length: Length,
): void {
  const path = (...rest: string[]) => ['calibration', ...rest];
  const { adapters, steps, phrased } = calibration;
  const inOrder = modules.filter((name) => adapters.modules.includes(name));
  if (JSON.stringify(inOrder) !== JSON.stringify(adapters.modules)) {
    const of = `modules of the target, each once and in its order: ${modules.join(', ')}`;
    issue(path('adapters', 'modules'), `must be ${of}`);
  }
  length(path('adapters', 'offset'), adapters.offset, adapters.rank, 'rows of the projection');
  const coefficients = (of: string[], { trust, match, reasons }: CoefficientsSpec) => {
    length([...of, 'trust'], trust, tasks.length, 'tasks');
    length([...of, 'match', 'direction'], match.direction, dim, EMBEDDING);
    if (steps === undefined && reasons.missing !== undefined) {
      issue([...of, 'reasons', 'missing'], 'must be left out where there are no steps');
    }
  };
  coefficients(path(), calibration);
  if (phrased !== undefined) {
    coefficients(path('phrased'), phrased);
    length(path('phrased', 'gate', 'direction'), phrased.gate.direction, dim, EMBEDDING);
  }
  if (steps === undefined) {
    return;
  }
  length(path('steps', 'bias'), steps.bias, steps.names.length, 'steps');
  length(path('steps', 'tasks'), steps.tasks, tasks.length, 'tasks');
  for (const [task, places] of steps.tasks.entries()) {
    const place = places.find((one) => one >= steps.names.length);
    if (place !== undefined) {
      const last = steps.names.length - 1;
      issue(
        path('steps', 'tasks', String(task)),
        `has place ${place}; the last step is at ${last}`,
      );
    }
  }
}

function checkStrengths(strengths: StrengthTable, issue: Issue): void {
  const path = ['strengths'];
  for (const [index, { strength }] of strengths.entries()) {
    const before = strengths[index - 1];
    if (before !== undefined && before.strength >= strength) {
      issue(path, `must ascend and differ, but ${strength} follows ${before.strength}`);
    }
  }
  if (!strengths.some(({ strength, factor }) => strength === 1 && factor === 1)) {
    issue(path, 'must have strength 1 with factor 1');
  }
}
