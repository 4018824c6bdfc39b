"""What the report computes from rows: means over seeds per task first, then intervals over tasks.

Differences are paired: task by task, and inside a task run by run where both sides have the same
runs, so that a condition measured for one training seed is not compared with the mean of three.
"""

import math
import random
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from statistics import fmean, stdev
from typing import Literal, TypeVar

from t2l.evaluate.results import BOOTSTRAP_DRAWS, ResultRow, by_task, interval

Run = tuple[int, int]  # training seed, sampling seed
T = TypeVar("T")


@dataclass(frozen=True)
class Estimate:
    """A mean with its 95% bootstrap interval over tasks."""

    mean: float
    low: float
    high: float
    tasks: int


def estimate(rows: Iterable[ResultRow], condition: str) -> Estimate | None:
    """Mean of one condition, None if no row has it."""
    return of_values(by_task(rows, condition).values())


def of_values(values: Iterable[float]) -> Estimate | None:
    """Mean of values that are one a task, None if there are none."""
    return _of_values(tuple(values))


@cache
def _of_values(values: tuple[float, ...]) -> Estimate | None:
    if not values:
        return None
    low, high = interval(values)
    return Estimate(fmean(values), low, high, len(values))


def paired(
    left: Iterable[ResultRow], a: str, right: Iterable[ResultRow], b: str
) -> dict[str, float]:
    """Condition `a` of the left rows minus `b` of the right rows, for every task with both."""
    ours, theirs = _runs(left, a), _runs(right, b)
    return {task: _gap(ours[task], theirs[task]) for task in ours if task in theirs}


def difference(rows: Sequence[ResultRow], a: str, b: str) -> Estimate | None:
    """Mean paired difference of two conditions, None if no task has both."""
    return of_values(paired(rows, a, rows, b).values())


def share_of_gain(rows: Sequence[ResultRow], part: str, whole: str, floor: str) -> Estimate | None:
    """How much of what `whole` gains over `floor` is gained by `part`, as a ratio of means.

    :return: None without tasks that have all three, or if `whole` gains nothing.
    """
    ours, theirs = paired(rows, part, rows, floor), paired(rows, whole, rows, floor)
    pairs = [(ours[task], theirs[task]) for task in ours if task in theirs]
    if not pairs or sum(gain for _, gain in pairs) <= 0:
        return None

    def ratio(some: Sequence[tuple[float, float]]) -> float:
        gained = sum(gain for _, gain in some)
        return sum(own for own, _ in some) / gained if gained else math.nan

    low, high = bootstrap(pairs, ratio)
    return Estimate(ratio(pairs), low, high, len(pairs))


def bootstrap(
    items: Sequence[T], statistic: Callable[[Sequence[T]], float], seed: int = 0
) -> tuple[float, float]:
    """95% bootstrap interval of any statistic; draws on which it is not defined are left out."""
    rng = random.Random(f"bootstrap|{seed}")
    draws = (statistic(rng.choices(items, k=len(items))) for _ in range(BOOTSTRAP_DRAWS))
    found = sorted(value for value in draws if math.isfinite(value))
    if not found:
        return math.nan, math.nan
    return found[round(0.025 * len(found))], found[max(0, round(0.975 * len(found)) - 1)]


def means_by_seed(
    rows: Sequence[ResultRow],
    condition: str,
    which: Literal["train_seed", "sampling_seed"] = "train_seed",
) -> dict[int, float]:
    """Mean over tasks for every seed that measured the condition, seeds in order."""
    found = {}
    for seed in sorted({getattr(row, which) for row in rows}):
        values = by_task([row for row in rows if getattr(row, which) == seed], condition)
        if values:
            found[seed] = fmean(values.values())
    return found


def spread(values: Iterable[float]) -> float | None:
    """Sample standard deviation, None for fewer than two values."""
    found = list(values)
    return stdev(found) if len(found) > 1 else None


def _runs(rows: Iterable[ResultRow], condition: str) -> dict[str, dict[Run, float]]:
    found: dict[str, dict[Run, float]] = {}
    for row in rows:
        if condition in row.exact_match:
            run = (row.train_seed, row.sampling_seed)
            found.setdefault(row.task, {})[run] = row.exact_match[condition]
    return found


def _gap(ours: dict[Run, float], theirs: dict[Run, float]) -> float:
    """Mean over shared runs; without any, over shared sampling seeds; else over all."""
    shared = ours.keys() & theirs.keys()
    if not shared:
        samplings = {run[1] for run in ours} & {run[1] for run in theirs}
        left = {run for run in ours if not samplings or run[1] in samplings}
        right = {run for run in theirs if not samplings or run[1] in samplings}
        return fmean(ours[r] for r in sorted(left)) - fmean(theirs[r] for r in sorted(right))
    return fmean(ours[run] - theirs[run] for run in sorted(shared))
