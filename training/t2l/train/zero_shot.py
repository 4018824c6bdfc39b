"""Batches of bare questions under many adapters: rows grouped by adapter, run by length."""

import random
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from transformers import LlamaForCausalLM

from t2l.base.device import Device
from t2l.base.lora import LoraWeights, apply_lora
from t2l.base.target import TargetSpec
from t2l.tasks.procedural.world import Task
from t2l.template.arrow import encode_lines
from t2l.template.rows import IGNORED, Row, collate

LENGTH_BUCKETS = 3  # a batch's groups are run in this many parts of similar length: less padding


@dataclass(frozen=True)
class Part:
    """Groups of similar length.

    :param places: which groups these are, [groups].
    :param tokens: [groups * rows, length]
    :param labels: as tokens, `IGNORED` off the answers.
    """

    places: Tensor
    tokens: Tensor
    labels: Tensor


def prepare(model: LlamaForCausalLM, device: Device) -> None:
    """Put the frozen base model where adapters are trained through it."""
    model.to(device.name).eval()
    if device.name == "cpu":  # at these lengths the fused kernel's backward pass is the slower one
        model.set_attn_implementation("eager")


def draw_rows(task: Task, count: int, rng: random.Random) -> list[Row]:
    """Fresh questions of a task; nothing in them says which task it is."""
    return [encode_lines([task.sample(rng)]) for _ in range(count)]


def draw_questions(tasks: Sequence[Task], count: int, examples: int, seed: str) -> list[list[Row]]:
    """Questions of distinct random tasks, each a group of its own.

    :param count: tasks, all of them if there are fewer.
    :param examples: questions of each task.
    """
    rng = random.Random(seed)
    picks = rng.sample(list(tasks), min(count, len(tasks)))
    return [[row] for task in picks for row in draw_rows(task, examples, rng)]


def by_length(groups: Sequence[Sequence[Row]], buckets: int = LENGTH_BUCKETS) -> list[Part]:
    """Groups of equally many rows as padded parts, the short ones first."""
    longest = [max(len(ids) for ids, _ in group) for group in groups]
    order = sorted(range(len(groups)), key=lambda place: (longest[place], place))
    size = -(-len(order) // buckets)
    parts = []
    for start in range(0, len(order), size):
        places = order[start : start + size]
        tokens, labels = collate([row for place in places for row in groups[place]])
        parts.append(Part(torch.tensor(places), tokens, labels))
    return parts


def adapted_losses(
    model: LlamaForCausalLM,
    target: TargetSpec,
    weights: LoraWeights,
    parts: Sequence[Part],
    device: Device,
) -> tuple[Tensor, Tensor]:
    """Cross-entropy of the answers of every group under its own adapter.

    :param weights: one adapter a group, [groups, ...], on the device.
    :return: sums over answer tokens and numbers of them, both [groups].
    """
    sums, counts, places = [], [], []
    for part in parts:
        here = part.places.to(device.name)
        tokens, wanted = part.tokens.to(device.name), part.labels[:, 1:].to(device.name)
        own = {name: (a[here], b[here]) for name, (a, b) in weights.items()}
        with apply_lora(model, target, own, groups=len(here)), device.autocast():
            logits = model(input_ids=tokens).logits
        losses = nn.functional.cross_entropy(
            logits[:, :-1].flatten(0, 1).float(),
            wanted.flatten(),
            ignore_index=IGNORED,
            reduction="none",
        )  # [groups * rows * (length - 1)]
        sums.append(losses.view(len(here), -1).sum(dim=1))
        counts.append((wanted != IGNORED).view(len(here), -1).sum(dim=1))
        places.append(here)
    back = torch.cat(places).argsort()
    return torch.cat(sums)[back], torch.cat(counts)[back]
