"""What is asked: tasks, fresh samples and descriptions, the same for every condition.

Everything here depends on names and seeds only, so that a condition measured today and one measured
next week answer the very same questions. Asked are `test` samples, shown are `train` samples, so
that no demonstration has an input that is asked.
"""

import random
from collections.abc import Sequence
from dataclasses import dataclass, field

from t2l.tasks.samples import distinct_samples, fresh_samples
from t2l.tasks.source import Sample, Split, Task
from t2l.template.arrow import ArrowTemplate
from t2l.template.rows import Row
from t2l.template.template import Template


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
    :param template: how a question becomes tokens.
    """

    tasks: tuple[Task, ...]
    samples: tuple[tuple[Sample, ...], ...]
    descriptions: tuple[tuple[str, ...], ...]
    seed: int
    phrasing: Split
    template: Template = field(default_factory=ArrowTemplate)

    def rows(
        self, shots: int = 0, coded: bool = False, described: bool = False, ending: str = ""
    ) -> list[Row]:
        """Every sample as tokens, tasks and samples in order.

        :param shots: other samples of the task before it.
        :param coded: whether the task's control codes begin the prompt.
        :param described: whether the sample's description is in the prompt.
        :param ending: what is put after that description.
        """
        rows = []
        for task, samples, texts in zip(self.tasks, self.samples, self.descriptions, strict=True):
            for number, sample in enumerate(samples):
                shown = fresh_samples(task, shots, f"shots|{self.seed}|{number}")
                told = "".join(getattr(task, "codes", ())) if coded else None
                if described:
                    told = texts[number * len(texts) // len(samples)] + ending
                rows.append(self.template.row(sample, shown, told))
        return rows

    @property
    def answers(self) -> list[tuple[str, ...]]:
        """The right answers of every sample, tasks and samples in order."""
        return [sample.answers for samples in self.samples for sample in samples]

    def rng(self, purpose: str, task: Task) -> random.Random:
        """Randomness for one purpose that depends on the task's name and the seed only."""
        return random.Random(f"{purpose}|{self.seed}|{task.name}")


def make_block(
    tasks: Sequence[Task],
    samples: int,
    descriptions: int,
    seed: int,
    phrasing: Split,
    template: Template | None = None,
) -> Block:
    """Draw samples and descriptions of some tasks.

    :param template: how a question becomes tokens; t2l-mini's by default, whose inputs never run
        out, while those of other templates are drawn without repeats.
    :raises ValueError: if the descriptions do not divide the samples evenly.
    """
    if samples % descriptions:
        raise ValueError(f"{samples} samples cannot take {descriptions} descriptions in turn")
    template = template or ArrowTemplate()
    draw = fresh_samples if template.name == "arrow" else distinct_samples
    return Block(
        tasks=tuple(tasks),
        samples=tuple(tuple(draw(task, samples, f"evaluate|{seed}", "test")) for task in tasks),
        descriptions=tuple(describe(task, phrasing, descriptions, seed) for task in tasks),
        seed=seed,
        phrasing=phrasing,
        template=template,
    )


def describe(task: Task, phrasing: Split, count: int, seed: int) -> tuple[str, ...]:
    """Exactly `count` descriptions; they repeat where a task has fewer."""
    found = task.descriptions(phrasing, count, seed)
    return tuple(found[index % len(found)] for index in range(count))
