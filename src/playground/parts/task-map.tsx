/** Where the description lies among what the hypernetwork was trained on. */
import { useEffect, useMemo, useState } from 'preact/hooks';
import type { AdapterDocument } from '../../sdk/index.ts';
import { dotsOf, placeOf, readTaskMap, type TaskMap as Tasks, taskAt } from '../task-map.ts';

const MARGIN = 24;
/** How far from a dot the pointer may be, on a map that is a thousand wide. */
const REACH = 20;

/** The map; nothing for a hypernetwork that has none. A click on a task chooses it. */
export function TaskMap({
  adapter,
  choose,
}: {
  adapter: AdapterDocument;
  choose: (task: string) => void;
}) {
  const map = useTaskMap(adapter.hypernet.digest);
  const [pointed, setPointed] = useState<string>();
  const dots = useMemo(() => (map === undefined ? '' : dotsOf(map.tasks)), [map]);
  const place = map && placeOf(map, adapter.fit.nearest);
  if (map === undefined || place === undefined) {
    return null;
  }
  const closest = new Set(adapter.fit.nearest.map(({ task }) => task));
  const size = map.side + 2 * MARGIN;

  function taskUnder(event: MouseEvent): string | undefined {
    const box = (event.currentTarget as SVGSVGElement).getBoundingClientRect();
    const scale = size / box.width;
    const x = (event.clientX - box.left) * scale - MARGIN;
    const y = (event.clientY - box.top) * scale - MARGIN;
    return map && taskAt(map, { x, y }, REACH);
  }
  return (
    <figure class="task-map">
      {/* biome-ignore lint/a11y/useKeyWithClickEvents: the closest tasks are buttons under the fit. */}
      <svg
        role="img"
        aria-label={`The description among ${map.tasks.length} training tasks, nearest to ${[...closest].join(', ')}`}
        viewBox={`${-MARGIN} ${-MARGIN} ${size} ${size}`}
        onPointerMove={(event) => setPointed(taskUnder(event))}
        onPointerLeave={() => setPointed(undefined)}
        onClick={(event) => {
          // the one that is named, if any: a finger points at nothing before it touches
          const task = pointed ?? taskUnder(event);
          if (task !== undefined) {
            choose(task);
          }
        }}
      >
        <path class="tasks" d={dots} />
        <path class="closest" d={dotsOf(map.tasks.filter(([task]) => closest.has(task)))} />
        <circle class="here" cx={place.x} cy={place.y} r={16} />
      </svg>
      <figcaption>
        {pointed === undefined ? (
          <>
            The description among {map.tasks.length.toLocaleString('en')} training tasks: what is
            said alike lies together.
            {adapter.fit.reason?.code === 'far' &&
              ' It is far from all of them, so its place says little.'}
          </>
        ) : (
          <code>{pointed}</code>
        )}
      </figcaption>
    </figure>
  );
}

/** The map of a hypernetwork, once it is there. */
function useTaskMap(digest: string): Tasks | undefined {
  const [known, setKnown] = useState<{ readonly of: string; readonly map: Tasks | null }>();
  useEffect(() => {
    const heard = (map: Tasks | null) => setKnown({ of: digest, map });
    // a picture that cannot be had is no failure of the page
    readTaskMap(digest).then(heard, () => heard(null));
  }, [digest]);
  return known?.of === digest && known.map !== null ? known.map : undefined;
}
