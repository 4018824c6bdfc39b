"""Context distillation: base and adapter held to the base model that is told the task.

    teacher   <bos> <reverse> <upper> cat sun map -> PAM NUS TAC     no adapter
    student   <bos>                   cat sun map -> PAM NUS TAC     the generated adapter

The answer alone says little per example about what the adapter should do inside the model. The
base model that is told (`teacher.py`) does it already. A target is either the hidden state of every
shared token after every layer (the distance is ||student - teacher||^2 relative to ||teacher||^2),
or what it expects at every token of the answer (the divergence of its distribution). A row that is
told ends as the untold row does, so tokens are matched from the end, as far as they are the same.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from t2l.base.packing import Sheets
from t2l.base.reader import Reader
from t2l.template.rows import Row
from t2l.train.meta_batch import Part


@dataclass(frozen=True)
class Taught:
    """What the told base model thinks.

    :param states: after every layer, [tokens, hidden] each.
    :param places: where those tokens are among the untold rows' places, [tokens].
    """

    states: tuple[Tensor, ...]
    places: Tensor

    def tokens_of(self, states: Sequence[Tensor]) -> list[Tensor]:
        """The same tokens' states in the untold rows' sheets, [tokens, hidden] each."""
        return [state.flatten(0, 1)[self.places] for state in states]


@torch.no_grad()
def teacher_states(reader: Reader, part: Part, sheets: Sheets) -> Taught:
    """What the base model, without any adapter, thinks of every token that both rows end with.

    The first token of the untold rows does not count.

    :param sheets: the untold rows, whole.
    """
    told = reader.sheets(part.told, len(part.places), whole=True)
    found = reader.states(told)
    ours, theirs = [], []
    for index, (row, told_row) in enumerate(zip(part.rows, part.told, strict=True)):
        count, told_count = len(row[0]), len(told_row[0])
        same = common_end(row, told_row)
        ours.append(sheets.cells[index, count - same : count])
        theirs.append(told.cells[index, told_count - same : told_count])
    places = torch.cat(theirs)
    kept = tuple(state.flatten(0, 1)[places].float() for state in found)
    return Taught(kept, torch.cat(ours))


@torch.no_grad()
def teacher_logits(reader: Reader, part: Part, sheets: Sheets) -> Tensor:
    """What the base model, without any adapter, expects at every token of the answers.

    :param sheets: the untold rows.
    :return: [answers, vocabulary]
    :raises ValueError: if told and untold answers are not the same tokens.
    """
    told = reader.sheets(part.told, len(part.places))
    if not torch.equal(told.wanted, sheets.wanted):
        raise ValueError("an answer has other tokens where its task is told")
    return reader(told).logits


def common_end(row: Row, told: Row) -> int:
    """How many tokens a row and its told form end with in common, its first one left out."""
    ids, told_ids = row[0], told[0]
    most = min(len(ids) - 1, len(told_ids))
    for count in range(most):
        if ids[-1 - count] != told_ids[-1 - count]:
            return count
    return most


def distance(student: Sequence[Tensor], teacher: Sequence[Tensor]) -> Tensor:
    """Mean over layers of the squared distance relative to the teacher's squared length.

    :param student: hidden states after every layer, each [tokens, hidden].
    """
    parts = [
        (ours.float() - theirs).square().sum() / theirs.square().sum()
        for ours, theirs in zip(student, teacher, strict=True)
    ]
    return torch.stack(parts).mean()


def divergence(student: Tensor, teacher: Tensor) -> Tensor:
    """Sum over places of the Kullback-Leibler divergence from the teacher's distribution, nats.

    :param student: logits, [places, vocabulary].
    :param teacher: the same.
    """
    ours, theirs = F.log_softmax(student, -1), F.log_softmax(teacher, -1)
    return F.kl_div(ours, theirs, reduction="sum", log_target=True)
