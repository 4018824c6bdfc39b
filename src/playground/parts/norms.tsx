/** How large the update is, by layer and module: bars, and the same as a table. */

const HEIGHT = 72;
const BAR = 10;
const GAP = 4;
const DIGITS = 3;

/** The chart: norms of each layer, per module. A strength below 1 shows as lower bars. */
export function Norms({
  norms,
  strength,
}: {
  norms: Readonly<Record<string, readonly number[]>>;
  strength: number;
}) {
  const modules = Object.entries(norms);
  const largest = Math.max(...modules.flatMap(([, layers]) => layers), Number.MIN_VALUE);
  const top = largest / Math.min(Math.abs(strength), 1);
  const layers = modules[0]?.[1].length ?? 0;
  return (
    <div class="norms">
      <div class="charts">
        {modules.map(([name, values]) => (
          <figure key={name}>
            <svg
              role="img"
              aria-label={`${name}: ${summary(values)}`}
              viewBox={`0 0 ${Math.max(values.length * (BAR + GAP) - GAP, 1)} ${HEIGHT}`}
              preserveAspectRatio="none"
            >
              {values.map((value, layer) => {
                const height = Math.max((value / top) * HEIGHT, 1);
                return (
                  <rect
                    key={`${name}.${layer}`}
                    x={layer * (BAR + GAP)}
                    y={HEIGHT - height}
                    width={BAR}
                    height={height}
                  />
                );
              })}
            </svg>
            <figcaption>
              <code>{name}</code> layers 0 to {values.length - 1}
            </figcaption>
          </figure>
        ))}
      </div>
      <details>
        <summary>The numbers</summary>
        {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reached by the keyboard. */}
        <section class="wide" tabIndex={0} aria-label="Norms as a table">
          <table>
            <thead>
              <tr>
                <th scope="col">layer</th>
                {modules.map(([name]) => (
                  <th scope="col" key={name}>
                    {name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {Array.from({ length: layers }, (_, layer) => (
                <tr key={layer}>
                  <th scope="row">{layer}</th>
                  {modules.map(([name, values]) => (
                    <td key={name}>{values[layer]?.toPrecision(DIGITS)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </section>
      </details>
    </div>
  );
}

function summary(values: readonly number[]): string {
  const largest = Math.max(...values);
  return (
    `norms of the update from ${Math.min(...values).toPrecision(DIGITS)} to ` +
    `${largest.toPrecision(DIGITS)}, the largest in layer ${values.indexOf(largest)}`
  );
}
