"""What is left of a well-done task at another strength, and on inputs of another size.

Both are measured on training tasks that are done well, in phrasings that training did not have:
only what works can be lost. Strengths give the table of factors in the manifest; sizes are for the
report, and for the sentence about them that a recipe writes (`bundle.sizes`).
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from typing import Literal

import torch
from torch import Tensor

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.applying import strengthened
from t2l.evaluate.kept import kept_score
from t2l.evaluate.measure import TASKS_A_BLOCK
from t2l.evaluate.questions import describe, make_block
from t2l.evaluate.setting import Setting
from t2l.export.bundle.verdicts import WELL
from t2l.tasks.procedural.operation import State
from t2l.tasks.procedural.registry import DOMAINS
from t2l.tasks.procedural.world import Task as ProceduralTask
from t2l.tasks.sides import evenly
from t2l.tasks.source import Sample, Task

STRENGTHS = (-1.0, 0.0, 0.25, 0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
DESCRIPTIONS = 2  # of each task
SEED = 30_003
DIGITS = 3
BEYOND = 2  # sizes on either side of those in training
SMALLEST = 2  # items: one alone has no order
TRIES = 400  # draws a sample of a size, before the task counts as having none


@dataclass(frozen=True)
class LevelRow:
    """Exact match of one task at one strength or size; a line of `fit_levels.jsonl`.

    :param what: `strength` or `size`.
    :param level: the factor on the update, or how many items an input has.
    :param trained: whether training was at this level.
    """

    what: Literal["strength", "size"]
    level: float
    trained: bool
    task: str
    exact_match: float


def done_well(tasks: Sequence[Task], success: Tensor, most: int) -> tuple[Task, ...]:
    """Some of the tasks that are done well, evenly from all that are.

    :param success: exact match of each, [tasks].
    """
    well = tuple(task for task, share in zip(tasks, success.tolist(), strict=True) if share > WELL)
    return evenly(well, most)


def measure_strengths(setting: Setting, tasks: Sequence[Task]) -> list[LevelRow]:
    """Exact match of every task at every strength, on the same questions."""
    rows: list[LevelRow] = []
    samples = DESCRIPTIONS * setting.config.evaluation.fit.levels
    for start in range(0, len(tasks), TASKS_A_BLOCK):
        some = tasks[start : start + TASKS_A_BLOCK]
        block = make_block(some, samples, DESCRIPTIONS, SEED, "selection", setting.template)
        weights = setting.generate([text for texts in block.descriptions for text in texts])
        for strength in STRENGTHS:
            scaled = strengthened(setting.hypernetwork.target, weights, strength)
            hits = kept_score(setting, block.rows(), scaled, block.answers)
            shares = _shares(hits, len(some))
            rows += [
                LevelRow("strength", strength, strength == 1, task.name, share)
                for task, share in zip(some, shares, strict=True)
            ]
    return rows


def factors(rows: Sequence[LevelRow]) -> tuple[tuple[float, float], ...]:
    """The table of the manifest: how much of the exact match at strength 1 is left at each.

    :return: nothing without tasks that are done at strength 1.
    """
    totals = {strength: 0.0 for strength in STRENGTHS}
    for row in rows:
        if row.what == "strength":
            totals[row.level] += row.exact_match
    whole = totals[1.0]
    if whole == 0:
        return ()
    # a little more than at 1 is chance, and no score is above what was measured
    return tuple((s, round(min(1.0, total / whole), DIGITS)) for s, total in totals.items())


def measure_sizes(setting: Setting, tasks: Sequence[Task]) -> list[LevelRow]:
    """Exact match by how many items an input has; nothing for tasks whose inputs have no size."""
    rows: list[LevelRow] = []
    own = [task for task in tasks if isinstance(task, ProceduralTask)]
    samples = DESCRIPTIONS * setting.config.evaluation.fit.levels
    for size, trained, some, drawn in _of_sizes(own, samples):
        texts = [text for task in some for text in describe(task, "selection", DESCRIPTIONS, SEED)]
        asked = [setting.template.row(sample) for samples in drawn for sample in samples]
        answers = [sample.answers for samples in drawn for sample in samples]
        weights: AdapterWeights = setting.generate(texts)
        shares = _shares(kept_score(setting, asked, weights, answers), len(some))
        rows += [
            LevelRow("size", size, row_trained, task.name, share)
            for task, row_trained, share in zip(some, trained, shares, strict=True)
        ]
    return rows


def _of_sizes(
    tasks: Sequence[ProceduralTask], count: int
) -> Iterator[tuple[int, list[bool], list[ProceduralTask], list[list[Sample]]]]:
    """Size by size, a block at a time: whether training had it, tasks, and samples of each."""
    sizes = {task.name: _sizes(task) for task in tasks}
    every = sorted({size for some in sizes.values() for size in some})
    if not every:
        return
    for size in range(max(SMALLEST, every[0] - BEYOND), every[-1] + BEYOND + 1):
        found = [(task, _samples(task, size, count)) for task in tasks]
        kept = [(task, drawn) for task, drawn in found if drawn]
        for start in range(0, len(kept), TASKS_A_BLOCK):
            part = kept[start : start + TASKS_A_BLOCK]
            yield (
                size,
                [size in sizes[task.name] for task, _ in part],
                [task for task, _ in part],
                [drawn for _, drawn in part],
            )


def _sizes(task: ProceduralTask) -> tuple[int, ...]:
    """How many items the task's inputs have."""
    domain = DOMAINS[task.domain]
    return domain.sizes_to_count if _counts(task) else domain.sizes


def _counts(task: ProceduralTask) -> bool:
    return any(step.name == "count" for step in task.steps)


def _samples(task: ProceduralTask, size: int, count: int) -> list[Sample]:
    """Samples of a size; none if the task has too few of it."""
    domain = replace(DOMAINS[task.domain], sizes=(size,), sizes_to_count=(size,))
    rng = random.Random(f"size|{SEED}|{size}|{task.name}")
    found: list[Sample] = []
    for _ in range(TRIES):
        items = domain.draw(_counts(task), rng)
        text, answer = State(items, domain.separator).text, task.solve(items)
        if answer is not None and answer != text:
            found.append(Sample(text, answer))
        if len(found) == count:
            return found
    return []


def _shares(hits: Sequence[bool], tasks: int) -> list[float]:
    right = torch.tensor(hits, dtype=torch.float64).view(tasks, -1).mean(dim=1)
    return [round(share, 4) for share in right.tolist()]
