"""Prints tasks of the world of language with examples and descriptions, for people to read.

python -m t2l.tasks.language.show                      a few tasks of every side
python -m t2l.tasks.language.show capital              every task with "capital" in its name
python -m t2l.tasks.language.show --side report --split held_out --random 20
"""

from __future__ import annotations

import argparse
import random
from collections import Counter
from collections.abc import Iterator

from t2l.tasks.language.phrases import SPLITS
from t2l.tasks.language.sides import WorldSplit, WorldTask
from t2l.tasks.language.world import language_tasks
from t2l.tasks.source import Split

SIDES = ("train", "selection", "report")
FEW = 8  # tasks shown when none are asked for


def shown(
    task: WorldTask, side: str, split: Split, samples: int, descriptions: int
) -> Iterator[str]:
    """A task as lines of text."""
    yield f"{task.name}   [{side}, {task.group}]"
    rng = random.Random(task.name)
    for number in range(samples):
        sample = task.sample(rng, "test" if number % 2 else "train")
        accepted = f"   (or {' | '.join(sample.accepted)})" if sample.accepted else ""
        yield f"    {sample.input}  =>  {sample.output}{accepted}"
    for text in task.descriptions(split, descriptions, 0):
        yield f"  - {text}"


def counts(tasks: WorldSplit) -> Iterator[str]:
    """How many tasks there are, by side, group and family."""
    for side in SIDES:
        rows = getattr(tasks, side)
        yield f"{side}: {len(rows)}"
        for (group, family), count in sorted(Counter((t.group, t.family) for t in rows).items()):
            yield f"    {group:12} {family:32} {count}"


def main() -> None:
    """Parses the command line and prints."""
    parser = argparse.ArgumentParser(description=str(__doc__).splitlines()[0])
    parser.add_argument("task", nargs="?", help="only tasks with this in their name")
    parser.add_argument("--side", choices=SIDES, help="only tasks of this side")
    parser.add_argument("--split", choices=SPLITS, default="train", help="of the descriptions")
    parser.add_argument("--samples", type=int, default=3, help="examples of each task")
    parser.add_argument("--descriptions", type=int, default=4, help="descriptions of each task")
    parser.add_argument("--random", type=int, metavar="COUNT", help="only so many, at random")
    parser.add_argument("--seed", type=int, default=0, help="of the choice at random")
    parser.add_argument("--counts", action="store_true", help="only how many tasks there are")
    options = parser.parse_args()

    tasks = language_tasks()
    if options.counts:
        print("\n".join(counts(tasks)))
        return
    rows = [
        (side, task)
        for side in SIDES
        for task in getattr(tasks, side)
        if options.side in (None, side) and (options.task or "") in task.name
    ]
    few = FEW if options.task is None and options.side is None else None
    count = options.random or few
    if count is not None:
        rows = random.Random(options.seed).sample(rows, min(count, len(rows)))
    for side, task in rows:
        lines = shown(task, side, options.split, options.samples, options.descriptions)
        print("\n".join(lines), end="\n\n")


if __name__ == "__main__":
    main()
