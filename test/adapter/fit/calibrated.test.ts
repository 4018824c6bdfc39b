import { expect, test } from 'vitest';
import { type Calibration, observe } from '../../../src/adapter/fit/calibrated.ts';
import { largestAt, times, unitOf } from '../../../src/adapter/fit/matrix.ts';
import { parseFitTable } from '../../../src/adapter/fit/table.ts';
import { FITS } from '../../fixtures/fit-vectors.ts';

test.each(
  FITS.flatMap(({ name, cases, ...spec }) => {
    const table = parseFitTable(spec, spec.bytes);
    return cases.map(([about, input, expected]) => [name, about, table, input, expected] as const);
  }),
)('%s: the formula sees and gives what it does in Python: %s', (...args) => {
  const [, , table, { embedding, weights }, expected] = args;
  const unit = unitOf(embedding);
  const cosines = times(table.rows, unit);
  const similarity = cosines[largestAt(cosines)] as number;
  const calibration = table.calibration as Calibration;
  const found = observe(calibration, embedding, unit, similarity, weights);
  expect(similarity).toBeCloseTo(expected.signs.similarity, 8);
  for (const sign of ['entry', 'likeness', 'missing'] as const) {
    expect(found[sign], sign).toBeCloseTo(expected.signs[sign], 8);
  }
  expect(found.written, 'written').toBeCloseTo(expected.signs.written ?? 1, 8);
  expect(found.score).toBeCloseTo(expected.score, 8);
});
