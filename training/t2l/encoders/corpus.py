"""Descriptions as vectors: every task's phrasings, encoded once by the encoder that ships.

Training never sees text. It sees the vectors that the edge will compute for the same text with
the same file, so there is nothing to swap or approximate afterwards.
"""

import logging
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

import torch
from torch import Tensor

from t2l.tasks.source import Split, Task

logger = logging.getLogger(__name__)

TYPICAL_DESCRIPTIONS = 2  # of each task


class Encoder(Protocol):
    """Turns texts into vectors."""

    dim: int

    def encode(self, texts: Sequence[str]) -> Tensor:
        """Vectors, [texts, dim]."""
        ...


@dataclass(frozen=True)
class Corpus:
    """Tasks with their descriptions.

    :param tasks: the tasks, in order.
    :param descriptions: descriptions of each task.
    :param embeddings: vectors of each task's descriptions, [descriptions, dim].
    """

    tasks: tuple[Task, ...]
    descriptions: tuple[tuple[str, ...], ...]
    embeddings: tuple[Tensor, ...]

    @cached_property
    def shapes(self) -> tuple[tuple[int, ...], ...]:
        """Rows of the tasks of each shape, shapes in order of appearance."""
        found: dict[str, list[int]] = {}
        for row, task in enumerate(self.tasks):
            found.setdefault(task.family, []).append(row)
        return tuple(map(tuple, found.values()))

    def joined(self, other: "Corpus") -> "Corpus":
        """These tasks, then the other's."""
        return Corpus(
            self.tasks + other.tasks,
            self.descriptions + other.descriptions,
            self.embeddings + other.embeddings,
        )

    def typical(self) -> Tensor:
        """The first vectors of every task, [n, dim]: what a hypernetwork is usually given."""
        return torch.cat([vectors[:TYPICAL_DESCRIPTIONS] for vectors in self.embeddings])

    def centroids(self) -> Tensor:
        """Unit mean of each task's vectors, [tasks, dim]: the task's place for the fit score."""
        means = torch.stack([vectors.mean(dim=0) for vectors in self.embeddings])
        return torch.nn.functional.normalize(means, dim=1)


def describe(
    tasks: Sequence[Task], split: Split, count: int, seed: int, encoder: Encoder
) -> Corpus:
    """Draw and encode up to `count` descriptions of every task."""
    texts = tuple(task.descriptions(split, count, seed) for task in tasks)
    flat = [text for row in texts for text in row]
    logger.info("encoding %d %s descriptions", len(flat), split)
    vectors = encoder.encode(flat)
    embeddings = vectors.split([len(row) for row in texts])
    return Corpus(tuple(tasks), texts, tuple(embeddings))
