"""Which side of the split a task is on, and in which way an unseen one is unseen.

    side(name) = train | selection | report, from a hash of the task's name and the seed

A task's side depends on nothing but its name, so content that is added moves no task from one side
to another; quotas then say how many of a side are taken, one of each kind in turn.
"""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeVar

from t2l.tasks.language.classify import ClassifyTask
from t2l.tasks.language.skill import Skill
from t2l.tasks.language.task import Group, LanguageTask
from t2l.tasks.source import Task, TaskSet

T = TypeVar("T", bound=Task)
WorldTask = LanguageTask | ClassifyTask
Side = Literal["train", "selection", "report"]
UNSEEN: tuple[Side, ...] = ("report", "selection")
GROUPS = ("composition", "labels", "parameter", "whole")  # the ways in which a task can be unseen
REPORT_SHARE = 0.25  # of compositions
SELECTION_SHARE = 0.1
SELECTION_SHARE_WHOLE = 0.2  # of skills that are held out; the report has the others


@dataclass(frozen=True)
class WorldSplit(TaskSet):
    """The world's disjoint tasks; those of the report also by the way in which they are unseen."""

    train: tuple[WorldTask, ...]
    selection: tuple[WorldTask, ...]
    report: tuple[WorldTask, ...]

    @cached_property
    def groups(self) -> dict[str, tuple[WorldTask, ...]]:
        """The tasks of the report by group."""
        return by_group(self.report)


def by_group(tasks: Iterable[WorldTask]) -> dict[str, tuple[WorldTask, ...]]:
    """Tasks by the way in which they are unseen."""
    rows = tuple(tasks)
    return {name: tuple(row for row in rows if row.group == name) for name in GROUPS}


def place(name: str, seed: int, purpose: str = "side") -> float:
    """Where a name falls between 0 and 1: the same on every machine, whatever else there is."""
    digest = hashlib.sha256(f"{purpose}|{seed}|{name}".encode()).digest()
    return int.from_bytes(digest[:8], "big") / 2**64


def side_of(task: LanguageTask, seed: int) -> Side | None:
    """The side that a task of skills belongs to; None if its skills are on several.

    A trained skill is trained on. What has a skill that is held out is where that skill is. Other
    compositions are on any side.
    """
    unseen: set[Side] = {_side_of_unseen(step, seed) for step in task.steps if step.held_out}
    if unseen:
        return unseen.pop() if len(unseen) == 1 else None
    if len(task.steps) == 1:
        return "train"
    where = place(task.name, seed)
    if where < REPORT_SHARE:
        return "report"
    return "selection" if where < REPORT_SHARE + SELECTION_SHARE else "train"


def _side_of_unseen(skill: Skill, seed: int) -> Side:
    where = place(f"{skill.kind}/{skill.name}", seed)
    return "selection" if where < SELECTION_SHARE_WHOLE else "report"


def group_of(task: LanguageTask, known: set[tuple[str, str]]) -> Group:
    """In which way a task can be unseen.

    :param known: books and entries of the skills that are trained on.
    """
    unseen = [step for step in task.steps if step.held_out]
    if unseen:
        entries = {(step.book, step.entry) for step in unseen}
        return "parameter" if entries <= known else "whole"
    return "composition" if len(task.steps) > 1 else "train"


def in_turn(tasks: Iterable[T], kind: Callable[[T], str], count: int, seed: int) -> tuple[T, ...]:
    """At most so many tasks in the order of their hash, one of each kind in turn."""
    turns: Counter[str] = Counter()
    found = []
    for task in sorted(tasks, key=lambda row: place(row.name, seed, "order")):
        found.append((turns[kind(task)], len(found), task))
        turns[kind(task)] += 1
    return tuple(task for _, _, task in sorted(found, key=lambda row: row[:2])[:count])
