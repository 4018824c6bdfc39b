"""The batch of one meta-training step: tasks, a vector of each, and fresh examples by length."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

import torch
from torch import Tensor

from t2l.config.sft import SftConfig
from t2l.encoders.corpus import Corpus
from t2l.tasks.samples import fresh_samples
from t2l.tasks.source import Sample, Task
from t2l.template.rows import Row
from t2l.train.loss import answer_tokens
from t2l.train.parallel import World
from t2l.train.rows import KeptRows

LENGTH_BUCKETS = 3  # a step's tasks are run in this many parts of similar length: less padding


class Teacher(Protocol):
    """Shows the base model which task an example is of."""

    def rows(self, task: Task, samples: Sequence[Sample], rng: random.Random) -> list[Row]:
        """The examples' rows with the task told; each ends as the untold row does."""
        ...


@dataclass(frozen=True)
class Part:
    """Some tasks of a batch and their examples, tasks in order.

    :param places: which tasks of the batch, [tasks].
    :param rows: their examples, as many of each.
    :param told: the same examples with their task told; empty without a teacher.
    """

    places: Tensor
    rows: tuple[Row, ...]
    told: tuple[Row, ...] = ()

    @property
    def answer_tokens(self) -> int:
        """How many tokens have a loss."""
        return answer_tokens(self.rows)

    def share(self, world: World, before: int = 0) -> Part:
        """What one process runs: every n-th task.

        :param before: tasks in the batch's earlier parts; who had none of them comes first here.
        """
        if world.size == 1:
            return self
        each = len(self.rows) // len(self.places)
        kept = world.share(range(len(self.places)), before)
        rows = [row for task in kept for row in range(task * each, (task + 1) * each)]
        return Part(
            self.places[list(kept)],
            tuple(self.rows[row] for row in rows),
            tuple(self.told[row] for row in rows) if self.told else (),
        )


@dataclass(frozen=True)
class Batch:
    """What one step needs.

    :param embeddings: one description vector a task, [tasks, dim].
    :param parts: the tasks' examples, by length.
    """

    embeddings: Tensor
    parts: tuple[Part, ...]

    @property
    def answer_tokens(self) -> int:
        """How many tokens have a loss."""
        return sum(part.answer_tokens for part in self.parts)


@dataclass(frozen=True)
class Drawn:
    """A task of a batch: its place, its examples' rows, and the same told."""

    place: int
    rows: list[Row]
    told: list[Row]

    @property
    def longest(self) -> int:
        """Tokens of its longest row."""
        return max(len(ids) for ids, _ in self.rows)


def make_batch(
    corpus: Corpus,
    config: SftConfig,
    step: int,
    rows: KeptRows,
    teacher: Teacher | None = None,
    definitions: float = 0.0,
) -> Batch:
    """The batch of one step: distinct tasks, one phrasing and fresh examples of each.

    :param rows: makes rows of examples.
    :param teacher: also shows the base model each task.
    :param definitions: share of the examples that have a description in the prompt.
    """
    rng = random.Random(f"sft|{config.seed}|{step}")
    picks = draw_tasks(corpus, config.tasks, rng)
    embeddings = torch.stack([draw_vector(corpus.embeddings[pick], config, rng) for pick in picks])
    shown = random.Random(f"teacher|{config.seed}|{step}")  # so that a teacher changes no example
    drawn = []
    for place, pick in enumerate(picks):
        task = corpus.tasks[pick]
        samples = [task.sample(rng) for _ in range(config.examples)]
        found = []
        for sample in samples:
            defined = definitions > 0 and shown.random() < definitions
            found.append(
                rows.row(sample, told=shown.choice(corpus.descriptions[pick]) if defined else None)
            )
        told = teacher.rows(task, samples, shown) if teacher is not None else []
        drawn.append(Drawn(place, found, told))
    return Batch(embeddings, by_length(drawn))


def draw_rows(place: int, task: Task, count: int, rows: KeptRows, seed: str) -> Drawn:
    """Examples of a task that depend on its name and the seed only."""
    samples = fresh_samples(task, count, seed)
    return Drawn(place, [rows.row(sample) for sample in samples], [])


def by_length(drawn: Sequence[Drawn], buckets: int = LENGTH_BUCKETS) -> tuple[Part, ...]:
    """Tasks of similar length together, the short ones first."""
    order = sorted(drawn, key=lambda task: (task.longest, task.place))
    size = -(-len(order) // buckets)
    parts = []
    for start in range(0, len(order), size):
        group = order[start : start + size]
        parts.append(
            Part(
                torch.tensor([task.place for task in group]),
                tuple(row for task in group for row in task.rows),
                tuple(row for task in group for row in task.told),
            )
        )
    return tuple(parts)


def draw_tasks(corpus: Corpus, count: int, rng: random.Random) -> list[int]:
    """Distinct tasks, half of them by way of their shape, so that rare shapes are not starved."""
    shapes = corpus.shapes
    picks: dict[int, None] = {}
    while len(picks) < min(count, len(corpus.tasks)):
        rows = rng.choice(shapes) if rng.random() < 0.5 else range(len(corpus.tasks))
        picks[rng.choice(rows)] = None
    return list(picks)


def draw_vector(phrasings: Tensor, config: SftConfig, rng: random.Random) -> Tensor:
    """One vector of a task, [dim]: a phrasing's, or a point between two, with noise.

    Nobody will ask in training's words: what lies between and around them means the same task.

    :param phrasings: vectors of the task's descriptions, [descriptions, dim].
    """
    first, second = rng.choice(phrasings), rng.choice(phrasings)
    vector = first.lerp(second, rng.random()) if config.mix else first
    if config.noise > 0:
        generator = torch.Generator().manual_seed(rng.getrandbits(63))
        vector = vector + config.noise * torch.randn(vector.shape, generator=generator)
    return vector
