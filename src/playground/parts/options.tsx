/** What an adapter is made with, beside its description. */

import { MAX_STRENGTH, MIN_STRENGTH } from '../../contract/limits.ts';
import { createAdapterSchema } from '../../contract/requests/create-adapter.ts';
import type { Dtype, HypernetList } from '../../sdk/index.ts';

/** The choices; no hypernetwork: the endpoint's default. */
export interface Options {
  readonly hypernet: string | undefined;
  /** As it was typed; the endpoint says what is wrong with it. */
  readonly strength: string;
  readonly dtype: Dtype;
}

const DTYPES = createAdapterSchema.shape.dtype.unwrap().options;

/** Before anything was chosen. */
export const DEFAULTS: Options = { hypernet: undefined, strength: '1', dtype: 'float16' };

/** Hypernetwork, strength and number format. */
export function OptionFields({
  options,
  hypernets,
  change,
}: {
  options: Options;
  hypernets: HypernetList | undefined;
  change: (options: Options) => void;
}) {
  const active = (hypernets?.hypernets ?? []).filter((one) => one.active !== null);
  const names = active.map(({ name }) => name);
  // A link may show an adapter of one that makes no more.
  if (options.hypernet !== undefined && !names.includes(options.hypernet)) {
    names.push(options.hypernet);
  }
  return (
    <div class="options">
      <label>
        <span>hypernetwork</span>
        <select
          name="hypernet"
          value={options.hypernet ?? hypernets?.default ?? ''}
          onChange={({ currentTarget }) => change({ ...options, hypernet: currentTarget.value })}
        >
          {names.length === 0 && <option value="">the default one</option>}
          {names.map((name) => (
            <option key={name} value={name}>
              {name}
            </option>
          ))}
        </select>
      </label>
      <label>
        <span>strength</span>
        <input
          name="strength"
          type="number"
          inputMode="decimal"
          min={-MAX_STRENGTH}
          max={MAX_STRENGTH}
          step={MIN_STRENGTH}
          value={options.strength}
          onInput={({ currentTarget }) => change({ ...options, strength: currentTarget.value })}
        />
      </label>
      <label>
        <span>numbers</span>
        <select
          name="dtype"
          value={options.dtype}
          onChange={({ currentTarget }) =>
            change({ ...options, dtype: currentTarget.value as Dtype })
          }
        >
          {DTYPES.map((dtype) => (
            <option key={dtype} value={dtype}>
              {dtype}
            </option>
          ))}
        </select>
      </label>
    </div>
  );
}
