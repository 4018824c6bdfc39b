"""What training asks of a world of tasks: named tasks with examples and descriptions, split.

    TaskSource.open() -> TaskSet: train | selection | report | left_out (and groups of the last two)
    Task.sample(rng, part)        a fresh example; `test` inputs are in no `train` example
    Task.descriptions(split, ...) how people say it; splits share no phrase and no frame

Everything random comes in as a seeded generator and everything ordered is a tuple, so a world is
the same on every machine.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Literal, Protocol

Split = Literal["train", "selection", "held_out"]
Part = Literal["train", "test"]


@dataclass(frozen=True)
class Sample:
    """One example of a task.

    :param output: the answer that training teaches.
    :param accepted: other answers that count as right.
    """

    input: str
    output: str
    accepted: tuple[str, ...] = ()

    @property
    def answers(self) -> tuple[str, ...]:
        """Every right answer, the taught one first."""
        return (self.output, *self.accepted)


class Task(Protocol):
    """A task with a stable name and a family that tells its kind."""

    @property
    def name(self) -> str: ...

    @property
    def family(self) -> str: ...

    def sample(self, rng: random.Random, part: Part = "train") -> Sample:
        """A fresh example.

        :param part: `test` examples have inputs that no `train` example has, where inputs can run
            out; where every input is fresh, both are the same.
        """
        ...

    def descriptions(self, split: Split, count: int, seed: int) -> tuple[str, ...]:
        """Up to `count` distinct descriptions, in a seeded order."""
        ...


@dataclass(frozen=True)
class TaskSet:
    """The disjoint tasks of a world.

    :param train: training tasks.
    :param selection: unseen tasks that recipes are chosen with.
    :param report: unseen tasks of the report, looked at last.
    :param left_out: tasks whose whole shape is in no training, where a world has such shapes.
    """

    train: tuple[Task, ...]
    selection: tuple[Task, ...]
    report: tuple[Task, ...]
    left_out: tuple[Task, ...] = ()
