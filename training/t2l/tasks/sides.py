"""Splits tasks that others wrote into those to train on and unseen ones, by their names alone.

    order of sha256(seed, name):   report | selection | train

The split depends on the names and the seed alone, not on where or in which order tasks are found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from t2l.tasks.source import Task, TaskSet


@dataclass(frozen=True)
class GroupedTasks(TaskSet):
    """Tasks whose report is measured in groups too.

    :param groups: the report's tasks by what they show.
    :param public: unseen tasks of others, by where they are from; measured apart from the report.
    """

    groups: Mapping[str, tuple[Task, ...]] = field(default_factory=dict)
    public: Mapping[str, tuple[Task, ...]] = field(default_factory=dict)


def split_tasks(
    tasks: Sequence[Task],
    group: str,
    report: float,
    selection: float,
    seed: int,
    limit: int | None = None,
) -> GroupedTasks:
    """Share out tasks.

    :param group: what the report's tasks are called together.
    :param report: share of them for the report.
    :param selection: share of them for choosing recipes.
    :param limit: keep so many, None for all.
    """
    kept = sorted(tasks, key=lambda task: _place(f"limit|{task.name}", seed))[:limit]
    ordered = sorted(kept, key=lambda task: _place(task.name, seed))
    first, held, _ = side_sizes(len(ordered), report, selection)
    second = first + held
    shown = tuple(ordered[:first])
    return GroupedTasks(
        train=tuple(ordered[second:]),
        selection=tuple(ordered[first:second]),
        report=shown,
        groups={group: shown},
    )


def side_sizes(tasks: int, report: float, selection: float) -> tuple[int, int, int]:
    """How many of some tasks are for the report, for selection and for training."""
    first = _count(report, tasks)
    second = min(_count(selection, tasks), tasks - first)
    return first, second, tasks - first - second


def _count(share: float, tasks: int) -> int:
    """How many tasks a share is; at least one, if it is any."""
    return max(1, round(share * tasks)) if share > 0 and tasks > 1 else round(share * tasks)


def joined(ours: GroupedTasks, others: Mapping[str, TaskSet]) -> GroupedTasks:
    """Our tasks with those of others, whose reports stay apart.

    :param others: by where they are from.
    """
    return replace(
        ours,
        train=ours.train + tuple(task for one in others.values() for task in one.train),
        selection=ours.selection + tuple(task for one in others.values() for task in one.selection),
        public={name: one.report for name, one in others.items() if one.report},
    )


def evenly(tasks: tuple[Task, ...], count: int) -> tuple[Task, ...]:
    """So many of the tasks, evenly from all of them."""
    count = min(count, len(tasks))
    return tuple(tasks[place * len(tasks) // count] for place in range(count))


def _place(name: str, seed: int) -> float:
    digest = hashlib.sha256(f"side|{seed}|{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64
