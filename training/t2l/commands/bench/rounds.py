"""Times of several kinds of step, taken in turns.

    round 1   floor ours repetition
    round 2   ours repetition floor        what else the machine does disturbs all alike,
    round 3   repetition floor ours        and none is always the first

A ratio is taken inside a round, where both sides had the same machine.
"""

from __future__ import annotations

import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import torch

from t2l.report.statistics import bootstrap

Kind = Literal["wall", "cpu"]


@dataclass(frozen=True)
class Took:
    """What one step took.

    :param wall: seconds that passed.
    :param cpu: seconds that the process computed, all threads together.
    """

    wall: float
    cpu: float


@dataclass(frozen=True)
class Median:
    """A median over rounds with its 95% bootstrap interval."""

    median: float
    low: float
    high: float


Rounds = Mapping[str, Sequence[Took]]
"""Name of a step -> what it took in every round."""


def take_turns(steps: Mapping[str, Callable[[], object]], rounds: int, device: str) -> Rounds:
    """Take every step once a round.

    :param steps: each was taken before, so that nothing is set up in the first round.
    :param rounds: at least 1.
    :param device: where they run; a GPU is waited for.
    """
    names = list(steps)
    found: dict[str, list[Took]] = {name: [] for name in names}
    for turn in range(rounds):
        first = turn % len(names)
        for name in names[first:] + names[:first]:
            found[name].append(_take(steps[name], device))
    return found


def median_of(rounds: Rounds, name: str, kind: Kind) -> Median:
    """Seconds of a step."""
    return _median([getattr(took, kind) for took in rounds[name]])


def median_ratio(rounds: Rounds, name: str, other: str, kind: Kind) -> Median:
    """How many times as long as the other a step takes, by the ratios of the rounds."""
    pairs = zip(rounds[name], rounds[other], strict=True)
    return _median([getattr(one, kind) / getattr(two, kind) for one, two in pairs])


def _take(step: Callable[[], object], device: str) -> Took:
    _wait(device)
    wall, cpu = time.perf_counter(), time.process_time()
    step()
    _wait(device)
    return Took(time.perf_counter() - wall, time.process_time() - cpu)


def _wait(device: str) -> None:
    if device == "cuda":
        torch.cuda.synchronize()


def _median(values: Sequence[float]) -> Median:
    low, high = bootstrap(values, statistics.median)
    return Median(statistics.median(values), low, high)
