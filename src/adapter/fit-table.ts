/** Reading what a bundle was trained on; tables are small, those of the last bundles stay. */
import type { Bundle } from '../bundle/bundle.ts';
import { createLatest } from '../bundle/latest.ts';
import { type FitTable, parseFitTable } from './fit.ts';

const TABLES_KEPT = 4;
const tables = createLatest<FitTable>(TABLES_KEPT);

/** The fit table of a bundle; undefined if the bundle does not say what it was trained on. */
export async function loadFitTable(bundle: Bundle): Promise<FitTable | undefined> {
  const { fit } = bundle.manifest;
  return fit && tables(bundle.digest, async () => parseFitTable(fit, await bundle.read(fit.file)));
}
