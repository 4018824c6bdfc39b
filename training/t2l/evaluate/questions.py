"""What is asked: tasks, fresh samples and descriptions, the same for every condition.

Everything here depends on names and seeds only, so that a condition measured today and one measured
next week answer the very same questions.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass

from t2l.tasks.procedural.world import Task
from t2l.tasks.samples import fresh_samples
from t2l.tasks.source import Sample, Split
from t2l.template.arrow import question_row
from t2l.template.rows import Row


@dataclass(frozen=True)
class Block:
    """Some tasks with equally many samples and descriptions each.

    Sample `i` of a task is asked under its description `i // (samples / descriptions)`, so the
    samples of one adapter are neighbours.

    :param tasks: the tasks.
    :param samples: of each task.
    :param descriptions: of each task; their number divides that of the samples.
    :param seed: sampling seed of everything drawn for these tasks.
    :param phrasing: split of the phrasings.
    """

    tasks: tuple[Task, ...]
    samples: tuple[tuple[Sample, ...], ...]
    descriptions: tuple[tuple[str, ...], ...]
    seed: int
    phrasing: Split

    def rows(self, shots: int = 0, coded: bool = False) -> list[Row]:
        """Every sample as tokens, tasks and samples in order.

        :param shots: other samples of the task before it.
        :param coded: whether the task's control codes begin the prompt.
        """
        rows = []
        for task, samples in zip(self.tasks, self.samples, strict=True):
            codes = task.codes if coded else ()
            for number, sample in enumerate(samples):
                shown = fresh_samples(task, shots, f"shots|{self.seed}|{number}")
                rows.append(question_row(sample, shown, codes))
        return rows

    def rng(self, purpose: str, task: Task) -> random.Random:
        """Randomness for one purpose that depends on the task's name and the seed only."""
        return random.Random(f"{purpose}|{self.seed}|{task.name}")


def make_block(
    tasks: Sequence[Task], samples: int, descriptions: int, seed: int, phrasing: Split
) -> Block:
    """Draw samples and descriptions of some tasks.

    :raises ValueError: if the descriptions do not divide the samples evenly.
    """
    if samples % descriptions:
        raise ValueError(f"{samples} samples cannot take {descriptions} descriptions in turn")
    return Block(
        tasks=tuple(tasks),
        samples=tuple(tuple(fresh_samples(task, samples, f"evaluate|{seed}")) for task in tasks),
        descriptions=tuple(describe(task, phrasing, descriptions, seed) for task in tasks),
        seed=seed,
        phrasing=phrasing,
    )


def describe(task: Task, phrasing: Split, count: int, seed: int) -> tuple[str, ...]:
    """Exactly `count` descriptions; they repeat where a task has fewer."""
    found = task.descriptions(phrasing, count, seed)
    return tuple(found[index % len(found)] for index in range(count))
