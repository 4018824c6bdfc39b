"""Measures texts for the fit score: what their adapters get right, and how those adapters look.

A text is measured on fresh samples of the task that it asks for, one that describes no task on
samples of others. Adapters are sketched (`bundle/sketch.py`) as soon as they are made, a few at a
time, so that no more of them are in memory than are needed to answer.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from operator import itemgetter

import torch
from torch import Tensor

from t2l.base.adapter_weights import AdapterWeights, adapter_count, changed, factors_of
from t2l.evaluate.kept import kept_score
from t2l.evaluate.measure import TASKS_A_BLOCK
from t2l.evaluate.questions import make_block
from t2l.evaluate.setting import Setting
from t2l.export.bundle.measured import Measured
from t2l.export.bundle.sketch import sketch_modules
from t2l.tasks.procedural.spoken import Spoken
from t2l.tasks.samples import fresh_samples
from t2l.tasks.source import Split, Task
from t2l.template.rows import Row

SKETCHED_AT_ONCE = 32  # adapters, in float64
WRITTEN_SAMPLES = 12  # of every text that somebody wrote
TEXTS_A_BLOCK = 32


def steps_of(task: Task) -> tuple[str, ...]:
    """The names of a task's steps, without their parameters where they have any; () for none."""
    return tuple(_step_name(step) for step in getattr(task, "steps", ()))


def _step_name(step: object) -> str:
    control = getattr(step, "control", "")
    return control.strip("<>") or str(getattr(step, "name", ""))


def kinds_of(task: Task) -> tuple[str, ...]:
    """The kinds of a task's steps, in order, as its family has them."""
    return tuple(task.family.split("/")[-1].split("+"))


def sketches_of(setting: Setting, vectors: Tensor) -> Tensor:
    """Sketches of the adapters of some vectors, [n, modules, width]."""
    parts = [sketched(setting, setting.generate_from(p)) for p in vectors.split(SKETCHED_AT_ONCE)]
    return torch.cat(parts)


def sketched(setting: Setting, weights: AdapterWeights) -> Tensor:
    """Sketches of some adapters, whose scale is not in B yet, [n, modules, width]."""
    scale = setting.hypernetwork.target.scaling
    factors = factors_of(weights, "a sketch")
    count = adapter_count(weights)
    parts = []
    for start in range(0, count, SKETCHED_AT_ONCE):
        rows = slice(start, start + SKETCHED_AT_ONCE)
        parts.append(
            sketch_modules({n: (a[rows], b[rows] * scale) for n, (a, b) in factors.items()})
        )
    return torch.cat(parts)


def measure_descriptions(
    setting: Setting,
    tasks: Sequence[Task],
    phrasing: Split,
    descriptions: int,
    samples: int,
    seed: int,
    with_sketches: bool = True,
) -> Measured:
    """Exact match of some descriptions of every task, a block of tasks at a time.

    :param descriptions: of each task; they repeat where a task has fewer.
    :param samples: of each description.
    :param with_sketches: without, they are [n, 0, 0].
    """
    named: list[Task] = []
    texts: list[str] = []
    vectors: list[Tensor] = []
    sketches: list[Tensor] = []
    hits: list[bool] = []
    for start in range(0, len(tasks), TASKS_A_BLOCK):
        some = tasks[start : start + TASKS_A_BLOCK]
        block = make_block(
            some, samples * descriptions, descriptions, seed, phrasing, setting.template
        )
        named += [task for task in some for _ in range(descriptions)]
        own = [text for row in block.descriptions for text in row]
        texts += own
        vectors.append(setting.encoder.encode(own))
        weights = setting.generate_from(vectors[-1])
        empty = torch.zeros(len(own), 0, 0, dtype=torch.float64)
        sketches.append(sketched(setting, weights) if with_sketches else empty)
        hits += kept_score(setting, block.rows(), weights, block.answers)
    right = torch.tensor(hits, dtype=torch.float64).view(len(texts), samples)
    return Measured(
        tasks=tuple(task.name for task in named),
        texts=tuple(texts),
        vectors=torch.cat(vectors),
        sketches=torch.cat(sketches),
        exact_match=right.mean(dim=1),
        steps=tuple(steps_of(task) for task in named),
    )


def measure_written(
    setting: Setting, rows: Sequence[Spoken], tasks: Mapping[str, Task]
) -> Measured:
    """Exact match of texts that people wrote; none of those that no task here does is right.

    :param rows: in the order of the result.
    :param tasks: by name; has those of all rows.
    """
    vectors: list[Tensor] = []
    sketches: list[Tensor] = []
    shares: list[Tensor] = []
    for start in range(0, len(rows), TEXTS_A_BLOCK):
        some = rows[start : start + TEXTS_A_BLOCK]
        vectors.append(setting.encoder.encode([row.text for row in some]))
        weights = setting.generate_from(vectors[-1])
        sketches.append(sketched(setting, weights))
        share = torch.zeros(len(some), dtype=torch.float64)
        own = [place for place, row in enumerate(some) if row.task is not None]
        if own:
            drawn = [
                sample
                for row in (some[place] for place in own)
                for sample in fresh_samples(
                    tasks[str(row.task)], WRITTEN_SAMPLES, f"spoken|{row.text}", "test"
                )
            ]
            asked = changed(weights, itemgetter(own))
            lines = [setting.template.row(sample) for sample in drawn]
            right_ones = [sample.answers for sample in drawn]
            hits = kept_score(setting, lines, asked, right_ones)
            right = torch.tensor(hits, dtype=torch.float64).view(len(own), WRITTEN_SAMPLES)
            share[own] = right.mean(dim=1)
        shares.append(share)
    return Measured(
        tasks=tuple(row.task for row in rows),
        texts=tuple(row.text for row in rows),
        vectors=torch.cat(vectors),
        sketches=torch.cat(sketches),
        exact_match=torch.cat(shares),
        steps=tuple(None if row.task is None else steps_of(tasks[row.task]) for row in rows),
    )


def measure_others(
    setting: Setting, texts: Sequence[str], tasks: Sequence[Task], seed: int
) -> Measured:
    """Exact match of texts that describe no task, each on some of these tasks at random."""
    rows: list[Row] = []
    answers: list[tuple[str, ...]] = []
    count = setting.config.evaluation.fit.others
    for text in texts:
        rng = random.Random(f"fit|{seed}|{text}")
        for number in range(count):
            drawn = fresh_samples(rng.choice(tasks), 1, f"fit|{text}|{number}")
            rows.append(setting.template.row(drawn[0]))
            answers.append(drawn[0].answers)
    vectors = setting.encoder.encode(list(texts))
    weights = setting.generate_from(vectors)
    hits = kept_score(setting, rows, weights, answers)
    right = torch.tensor(hits, dtype=torch.float64).view(len(texts), count)
    return unmeasured(texts, vectors, sketched(setting, weights), right.mean(dim=1))


def unmeasured(
    texts: Sequence[str], vectors: Tensor, sketches: Tensor, exact_match: Tensor | None = None
) -> Measured:
    """Texts of no task.

    :param exact_match: zero by default.
    """
    if exact_match is None:
        exact_match = torch.zeros(len(texts), dtype=torch.float64)
    none = (None,) * len(texts)
    return Measured(none, tuple(texts), vectors, sketches, exact_match, none)
