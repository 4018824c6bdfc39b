"""Bare questions under many adapters: what the baselines, the oracles and validation compute.

    tasks -> rows -> parts of similar length -> base model under each row's adapter -> losses

Nothing in a question says which task it is. Adapters are one a place of a part; a single adapter
that serves all rows is place 0 of every part.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from operator import itemgetter

import torch
from torch import Tensor
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import AdapterWeights, adapter_count, changed
from t2l.base.applying import apply_adapters
from t2l.base.device import Device
from t2l.base.memory import recompute_activations
from t2l.base.reader import Reader
from t2l.base.target import TargetSpec
from t2l.base.typed import on_device
from t2l.tasks.source import Task
from t2l.template.rows import Row
from t2l.train.loss import answer_losses
from t2l.train.meta_batch import Drawn, Part, by_length
from t2l.train.rows import KeptRows
from t2l.train.step import adapted_backward
from t2l.train.trainer import StepResult


def frozen_reader(model: PreTrainedModel, device: Device, recompute: bool = False) -> Reader:
    """The base model where adapters are trained through it.

    :param recompute: compute activations twice instead of keeping them.
    """
    on_device(model, device.name).eval().requires_grad_(False)
    if device.name == "cpu":  # at these lengths the fused kernel's backward pass is the slower one
        model.set_attn_implementation("eager")
    if recompute:
        recompute_activations(model)
    return Reader(model, device)


def task_rows(task: Task, count: int, rng: random.Random, rows: KeptRows) -> list[Row]:
    """Fresh questions of a task."""
    return [rows.row(task.sample(rng)) for _ in range(count)]


def draw_questions(
    tasks: Sequence[Task], count: int, examples: int, seed: str, rows: KeptRows
) -> list[Row]:
    """Questions of distinct random tasks.

    :param count: tasks, all of them if there are fewer.
    :param examples: questions of each task.
    """
    rng = random.Random(seed)
    picks = rng.sample(list(tasks), min(count, len(tasks)))
    return [row for task in picks for row in task_rows(task, examples, rng, rows)]


def parts_of(groups: Sequence[Sequence[Row]]) -> tuple[Part, ...]:
    """Groups of equally many rows by length; a group's place is its number."""
    return by_length([Drawn(place, list(rows), []) for place, rows in enumerate(groups)])


def under_one(parts: Sequence[Part]) -> tuple[Part, ...]:
    """The same rows, all of them under adapter 0."""
    return tuple(Part(torch.zeros(1, dtype=torch.long), part.rows) for part in parts)


def part_losses(reader: Reader, part: Part) -> tuple[Tensor, Tensor, int]:
    """Cross-entropy of a part's answers under the adapters that are applied.

    :return: sums over answer tokens and numbers of them, both [tasks of the part], and how many
        tokens ran.
    """
    tasks = len(part.places)
    sheets = reader.sheets(part.rows, tasks)
    found = answer_losses(reader, sheets)
    sums = found.sums.view(tasks, -1).sum(1)
    return sums, found.counts.view(tasks, -1).sum(1), sheets.tokens.numel()


def adapted_losses(
    reader: Reader, target: TargetSpec, weights: AdapterWeights, parts: Sequence[Part]
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the answers of every task under its adapter.

    :param weights: one adapter a place, [places, ...], on the device.
    :return: sums over answer tokens and numbers of them, both [places].
    """

    def under(here: Tensor) -> AbstractContextManager[None]:
        own = changed(weights, itemgetter(here))
        return apply_adapters(reader.model, target, own, len(here))

    return _losses(reader, parts, adapter_count(weights), under)


def plain_losses(reader: Reader, parts: Sequence[Part], places: int) -> tuple[Tensor, Tensor]:
    """The same under no adapter.

    :param places: how many the parts have together.
    """
    return _losses(reader, parts, places, lambda _: nullcontext())


def _losses(
    reader: Reader,
    parts: Sequence[Part],
    places: int,
    under: Callable[[Tensor], AbstractContextManager[None]],
) -> tuple[Tensor, Tensor]:
    sums = torch.zeros(places, device=reader.device.name)
    counts = torch.zeros(places, device=reader.device.name)
    for part in parts:
        here = part.places.to(reader.device.name)
        with under(here):
            found, labelled, _ = part_losses(reader, part)
        sums = sums.index_add(0, here, found)
        counts = counts.index_add(0, here, labelled.to(counts.dtype))
    return sums, counts


def losses_backward(
    reader: Reader,
    target: TargetSpec,
    weights: AdapterWeights,
    parts: Sequence[Part],
    loss_of: Callable[[Tensor, Tensor], Tensor],
) -> StepResult:
    """Losses of parts, their gradients left where the adapters came from.

    :param weights: one adapter a place, [places, ...], on the device.
    :param loss_of: a part's share of the loss, from its sums and numbers of answer tokens.
    """
    total, tokens = 0.0, 0

    def run(part: Part, own: AdapterWeights) -> None:
        nonlocal total, tokens
        with apply_adapters(reader.model, target, own, len(part.places)):
            sums, counts, ran = part_losses(reader, part)
            loss = loss_of(sums, counts)
            loss.backward()
        total += loss.item()
        tokens += ran

    placed = [(part.places.to(reader.device.name), part) for part in parts]
    adapted_backward(weights, placed, run, reader.model.dtype)
    return StepResult(total, tokens)


def answer_mean(parts: Sequence[Part]) -> Callable[[Tensor, Tensor], Tensor]:
    """The share of a part in the mean over all parts' answer tokens."""
    labelled = sum(part.answer_tokens for part in parts)
    return lambda sums, _counts: sums.sum() / labelled
