"""How far a model is from the base model that is told of a behaviour.

    told      <description> <question> -> reply       no adapter
    ours                    <question> -> reply       the adapter of that description

What is compared is what both expect at every token of the told model's own reply to a question that
no training saw: the Kullback-Leibler divergence, nats a token. Conditions differ in the adapter:

    plain      none
    matched    that of the description
    shuffled   that of another unseen behaviour's
    mean       the mean of the adapters of all training behaviours
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch
from torch import Tensor

from t2l.base.adapter_stack import to_device
from t2l.base.adapter_weights import AdapterWeights
from t2l.base.applying import apply_adapters
from t2l.base.reader import Reader
from t2l.evaluate.conditions.controls import mean_adapter
from t2l.evaluate.results import append_json
from t2l.evaluate.setting import Setting
from t2l.tasks.behaviours.replies import BehaviourTask, Reply
from t2l.tasks.source import Task
from t2l.train.loss import answer_losses
from t2l.train.meta_batch import Part
from t2l.train.objectives.distillation import divergence, teacher_logits

CONDITIONS = ("plain", "matched", "shuffled", "mean")


@dataclass(frozen=True)
class Measured:
    """One description of an unseen behaviour under one condition.

    :param group: what of the behaviour is unseen.
    :param network: sha256 of the hypernetwork's weights.
    :param nats: divergence, summed over the tokens of all its replies.
    :param tokens: how many there are.
    """

    behaviour: str
    group: str
    description: str
    condition: str
    network: str
    nats: float
    tokens: int


@dataclass(frozen=True)
class Summary:
    """A condition on a group, or on all of them.

    :param divergence: nats a token; every behaviour counts the same.
    :param share: of the plain base model's.
    :param behaviours: how many.
    """

    group: str
    condition: str
    divergence: float
    share: float
    behaviours: int


def measure_behaviours(
    setting: Setting, groups: Mapping[str, Sequence[Task]], network: str
) -> list[Measured]:
    """Measure every description that unseen behaviours were told by, under all conditions.

    :param groups: unseen behaviours by what of them is unseen.
    :param network: sha256 of the hypernetwork's weights.
    """
    described = [
        (group, task, told, [one for one in task.replies if one.told == told])
        for group, tasks in groups.items()
        for task in tasks
        if isinstance(task, BehaviourTask)
        for told in dict.fromkeys(one.told for one in task.replies)
    ]
    mean = to_device(mean_adapter(setting), setting.device.name)
    reader = Reader(setting.model, setting.exact_device)
    rows: list[Measured] = []
    for place, (group, task, told, replies) in enumerate(described):
        adapters: dict[str, AdapterWeights | None] = {
            "plain": None,
            "matched": setting.generate([told]),
            "shuffled": setting.generate([_another(described, place)]),
            "mean": mean,
        }
        part = _part(setting, replies)
        wanted = teacher_logits(reader, part, reader.sheets(part.rows, 1))
        for condition in CONDITIONS:
            nats = float(_divergence(setting, reader, part, wanted, adapters[condition]))
            rows.append(Measured(task.name, group, told, condition, network, nats, len(wanted)))
    return rows


def _another(described: Sequence[tuple[str, BehaviourTask, str, list[Reply]]], place: int) -> str:
    """The next description of another behaviour; the one that is there if there is none."""
    own = described[place][1].name
    turned = [*described[place + 1 :], *described[:place]]
    return next((told for _, task, told, _ in turned if task.name != own), described[place][2])


def _part(setting: Setting, replies: Sequence[Reply]) -> Part:
    template = setting.template
    return Part(
        torch.zeros(1, dtype=torch.long),
        tuple(template.row(one.sample) for one in replies),
        tuple(template.row(one.sample, told=one.told) for one in replies),
    )


@torch.no_grad()
def _divergence(
    setting: Setting, reader: Reader, part: Part, wanted: Tensor, weights: AdapterWeights | None
) -> Tensor:
    sheets = reader.sheets(part.rows, 1)
    if weights is None:
        return divergence(answer_losses(reader, sheets).logits, wanted)
    with apply_adapters(setting.model, setting.hypernetwork.target, weights, 1):
        return divergence(answer_losses(reader, sheets).logits, wanted)


def summary(rows: Sequence[Measured]) -> list[Summary]:
    """Every condition on every group and on `all` of them."""
    found = []
    for group in (*dict.fromkeys(row.group for row in rows), "all"):
        ours = [row for row in rows if group in (row.group, "all")]
        plain = _mean([row for row in ours if row.condition == "plain"])
        for condition in CONDITIONS:
            some = [row for row in ours if row.condition == condition]
            value = _mean(some)
            count = len({row.behaviour for row in some})
            found.append(Summary(group, condition, value, value / plain, count))
    return found


def _mean(rows: Sequence[Measured]) -> float:
    """Nats a token, every behaviour counting the same."""
    sums: dict[str, tuple[float, int]] = {}
    for row in rows:
        nats, tokens = sums.get(row.behaviour, (0.0, 0))
        sums[row.behaviour] = (nats + row.nats, tokens + row.tokens)
    return sum(nats / tokens for nats, tokens in sums.values()) / len(sums)


def append_measured(path: Path, rows: Iterable[Measured]) -> None:
    """Add rows at the end of a file of JSON lines."""
    for row in rows:
        append_json(path, asdict(row))
