"""The batch of one meta-training step: tasks, a vector of each, and fresh examples by length."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor

from t2l.config.recipe import SftConfig
from t2l.encoders.corpus import Corpus
from t2l.tasks.procedural.world import Task
from t2l.tasks.source import Sample
from t2l.template.arrow import encode_lines
from t2l.template.rows import collate

LENGTH_BUCKETS = 3  # a step's tasks are run in this many parts of similar length: less padding


@dataclass(frozen=True)
class Part:
    """Some tasks of a batch and their examples, tasks in order.

    :param rows: which tasks of the batch, [tasks].
    :param tokens: token ids, [tasks * examples, length].
    :param labels: the same, `IGNORED` off the outputs.
    :param told: the same examples behind the task's control codes, [tasks * examples, longer].
    :param shifts: how many tokens those codes are, [tasks * examples].
    """

    rows: Tensor
    tokens: Tensor
    labels: Tensor
    told: Tensor
    shifts: Tensor


@dataclass(frozen=True)
class Batch:
    """What one step needs.

    :param embeddings: one description vector a task, [tasks, dim].
    :param parts: the tasks' examples, by length.
    """

    embeddings: Tensor
    parts: tuple[Part, ...]


def make_batch(corpus: Corpus, config: SftConfig, step: int) -> Batch:
    """The batch of one step: distinct tasks, one phrasing and fresh examples of each."""
    rng = random.Random(f"sft|{config.seed}|{step}")
    picks = draw_tasks(corpus, config.tasks, rng)
    embeddings = torch.stack([draw_vector(corpus.embeddings[pick], config, rng) for pick in picks])
    rows = []
    for place, pick in enumerate(picks):
        task = corpus.tasks[pick]
        samples = [task.sample(rng) for _ in range(config.examples)]
        longest = max(len(sample.input) + len(sample.output) for sample in samples)
        rows.append((longest, place, task, samples))
    rows.sort(key=lambda row: row[:2])
    size = -(-len(rows) // LENGTH_BUCKETS)
    parts = [_part(rows[start : start + size]) for start in range(0, len(rows), size)]
    return Batch(embeddings, tuple(parts))


def _part(group: Sequence[tuple[int, int, Task, list[Sample]]]) -> Part:
    pairs = [(task, sample) for _, _, task, samples in group for sample in samples]
    tokens, labels = collate([encode_lines([sample]) for _, sample in pairs])
    told, _ = collate([encode_lines([sample], task.codes) for task, sample in pairs])
    shifts = torch.tensor([len(task.codes) for task, _ in pairs])
    return Part(torch.tensor([place for _, place, _, _ in group]), tokens, labels, told, shifts)


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
