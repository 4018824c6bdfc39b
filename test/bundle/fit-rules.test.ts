import { expect, test } from 'vitest';
import { type FitSpec, fitFileBytes } from '../../src/bundle/fit-spec.ts';
import { type Manifest, parseManifest } from '../../src/bundle/manifest.ts';
import { FITS, type FitName, fitNamed } from '../fixtures/fit-vectors.ts';
import { kindTarget } from '../fixtures/kind-network.ts';
import { type DescribedManifest, smallManifest } from '../fixtures/manifest.ts';

/** A manifest with a fit of Python. */
function manifestOf(name: FitName): DescribedManifest {
  const { fit, bytes, target } = fitNamed(name);
  const manifest = smallManifest();
  const entry = { ...(manifest.files['fit.f16'] as Manifest['files'][string]) };
  return {
    ...manifest,
    target,
    encoder: { ...manifest.encoder, dim: fit.dim },
    fit,
    norms: Object.fromEntries(
      target.modules.map((module) => [module.name, { mean: [1, 1], deviation: [0, 0] }]),
    ),
    files: { ...manifest.files, [fit.file]: { ...entry, bytes: bytes.length } },
  };
}

function parsed(manifest: unknown): Manifest {
  return parseManifest(new TextEncoder().encode(JSON.stringify(manifest)));
}

test('the fits that Python writes are lawful, and their files have the right size', () => {
  expect(FITS.map(({ name }) => name)).toEqual(['whole', 'plain', 'gated']);
  for (const { name, fit, bytes } of FITS) {
    const manifest = manifestOf(name);
    expect(parsed(manifest)).toEqual(manifest);
    expect(fitFileBytes(fit)).toBe(bytes.length);
  }
});

test.each(['dora', 'ia3'] as const)('a calibration is refused with the output %s', (output) => {
  const manifest = manifestOf('plain');
  expect(() => parsed({ ...manifest, target: kindTarget(output, manifest.target) })).toThrow(
    `fit.calibration: must be left out with the output "${output}": it compares updates B A`,
  );
});

type Calibration = NonNullable<FitSpec['calibration']>;
type Steps = NonNullable<Calibration['steps']>;
type Phrased = NonNullable<Calibration['phrased']>;

test.each<[string, string, (fit: FitSpec, calibration: Calibration) => void]>([
  [
    'both a predictor and a calibration',
    'fit.predictor: must be left out where there is a calibration',
    (fit) => {
      const direction = new Array(fit.dim).fill(0);
      const topic = { bias: 0, similarity: 1 };
      fit.predictor = { temperature: 1, topic, match: { bias: 0, success: 1, direction } };
    },
  ],
  ['no success', 'fit.success: is needed by the calibration', (fit) => delete fit.success],
  [
    'success of too few tasks',
    'fit.success: has 4 values for 5 tasks',
    (fit) => fit.success?.pop(),
  ],
  [
    'a module that the target does not have',
    'each once and in its order: k_proj, q_proj, v_proj',
    (_, { adapters }) => (adapters.modules[0] = 'o_proj'),
  ],
  [
    'modules in another order',
    'fit.calibration.adapters.modules: must be modules of the target',
    (_, { adapters }) => adapters.modules.reverse(),
  ],
  [
    'a module twice',
    'fit.calibration.adapters.modules: must be modules of the target',
    (_, { adapters }) => adapters.modules.push('v_proj'),
  ],
  [
    'an offset of another rank',
    'fit.calibration.adapters.offset: has 6 values for 5 rows of the projection',
    (_, { adapters }) => adapters.offset.push(0),
  ],
  [
    'trust of too few tasks',
    'fit.calibration.trust: has 4 values for 5 tasks',
    (_, { trust }) => trust.pop(),
  ],
  [
    'a direction of another dimension',
    'fit.calibration.match.direction: has 7 values for 6 numbers of an embedding',
    (_, { match }) => match.direction.push(0),
  ],
  [
    'a step without bias',
    'fit.calibration.steps.bias: has 4 values for 5 steps',
    (_, { steps }) => steps?.bias.pop(),
  ],
  [
    'steps of too few tasks',
    'fit.calibration.steps.tasks: has 4 values for 5 tasks',
    (_, { steps }) => steps?.tasks.pop(),
  ],
  [
    'a task with a step that there is not',
    'fit.calibration.steps.tasks.2: has place 5; the last step is at 4',
    (_, { steps }) => ((steps as Steps).tasks[2] = [0, 5]),
  ],
  [
    'a reason about steps, and no steps',
    'fit.calibration.reasons.missing: must be left out where there are no steps',
    (_, calibration) => delete calibration.steps,
  ],
  [
    'a file that is too short for its matrices',
    'fit.file: is listed with 418 bytes; its matrices have 430',
    (_, { steps }) => {
      steps?.names.push('another');
      steps?.bias.push(0);
    },
  ],
  [
    'strengths that do not ascend',
    'fit.strengths: must ascend and differ, but 0 follows 0',
    (fit) => fit.strengths?.splice(1, 0, { strength: 0, factor: 0.5 }),
  ],
  [
    'strengths without 1',
    'fit.strengths: must have strength 1 with factor 1',
    (fit) => (fit.strengths = [{ strength: 2, factor: 1 }]),
  ],
  [
    'another factor at 1',
    'fit.strengths: must have strength 1 with factor 1',
    (fit) => (fit.strengths = [{ strength: 1, factor: 0.9 }]),
  ],
  [
    'a factor below 0',
    'fit.strengths.0.factor',
    (fit) => fit.strengths?.unshift({ strength: -2, factor: -0.1 }),
  ],
  ['no strength at all', 'fit.strengths', (fit) => (fit.strengths = [])],
  ['sizes that are more than a sentence', 'fit.sizes', (fit) => (fit.sizes = 'x'.repeat(301))],
  ['no words about sizes', 'fit.sizes', (fit) => (fit.sizes = '')],
  [
    'more buckets than are kept',
    'fit.calibration.adapters.width',
    (_, { adapters }) => (adapters.width = 32_769),
  ],
  ['no temperature', 'fit.calibration.temperature', (_, all) => (all.temperature = 0)],
  [
    'a member that this version does not know',
    'fit.calibration',
    (_, calibration) => Object.assign(calibration, { surprise: 1 }),
  ],
])('refused: %s', (_case, message, change) => {
  const manifest = manifestOf('whole');
  change(manifest.fit, manifest.fit.calibration as Calibration);
  const parse = () => parsed(manifest);
  expect(parse).toThrow(expect.objectContaining({ code: 'bundle_schema_unsupported' }));
  expect(parse).toThrow(message);
});

test.each<[string, string, (phrased: Phrased, calibration: Calibration) => void]>([
  [
    'a gate of another dimension',
    'fit.calibration.phrased.gate.direction: has 5 values for 6 numbers of an embedding',
    ({ gate }) => gate.direction.pop(),
  ],
  [
    'trust of too many tasks',
    'fit.calibration.phrased.trust: has 6 values for 5 tasks',
    ({ trust }) => trust.push(0),
  ],
  [
    'a direction of another dimension',
    'fit.calibration.phrased.match.direction: has 7 values for 6 numbers of an embedding',
    ({ match }) => match.direction.push(0),
  ],
  [
    'a reason about steps, and no steps',
    'fit.calibration.phrased.reasons.missing: must be left out where there are no steps',
    (_, calibration) => delete calibration.steps,
  ],
  [
    'no gate',
    'fit.calibration.phrased.gate',
    (phrased) => delete (phrased as { gate?: unknown }).gate,
  ],
])('refused of phrasings: %s', (_case, message, change) => {
  const manifest = manifestOf('gated');
  const { calibration } = manifest.fit;
  change(calibration?.phrased as Phrased, calibration as Calibration);
  expect(() => parsed(manifest)).toThrow(message);
});

test('the size of the file counts for bundles of before too', () => {
  const manifest = smallManifest();
  (manifest.files['fit.f16'] as Manifest['files'][string]).bytes = 22;
  expect(() => parsed(manifest)).toThrow('is listed with 22 bytes; its matrices have 24');
});
