/** The strength of an adapter as a slider. Each strength is an adapter of its own, made when the hand rests. */
import { useEffect, useRef, useState } from 'preact/hooks';
import { MIN_STRENGTH } from '../../contract/limits.ts';
import { roundStrength } from '../../contract/requests/create-adapter.ts';

/** Where the slider ends, unless the adapter lies beyond: what is stronger only does damage. */
const SLIDER_MAX = 3;
const REST_MS = 300;

/** The slider. */
export function Strength({ value, choose }: { value: number; choose: (strength: number) => void }) {
  const [shown, setShown] = useState(value);
  const timer = useRef<ReturnType<typeof setTimeout> | undefined>(undefined);
  useEffect(() => setShown(value), [value]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return (
    <label class="strength">
      <span>strength</span>
      <input
        type="range"
        name="slider"
        min={Math.min(MIN_STRENGTH, value)}
        max={Math.max(SLIDER_MAX, value)}
        step={MIN_STRENGTH}
        value={shown}
        aria-valuetext={`strength ${shown}`}
        onInput={({ currentTarget }) => {
          // No adapter has strength 0.
          const strength = roundStrength(Number(currentTarget.value)) || MIN_STRENGTH;
          setShown(strength);
          clearTimeout(timer.current);
          timer.current = setTimeout(() => choose(strength), REST_MS);
        }}
      />
      <output>{shown.toFixed(2)}</output>
    </label>
  );
}
