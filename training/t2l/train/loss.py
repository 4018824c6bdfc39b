"""The loss of answers."""

from collections.abc import Sequence
from dataclasses import dataclass

from torch import Tensor, nn

from t2l.base.packing import Sheets
from t2l.base.reader import Reader
from t2l.template.rows import IGNORED, Row


@dataclass(frozen=True)
class RowLosses:
    """Cross-entropy of every row's answer.

    :param sums: over its tokens, in nats, [rows].
    :param counts: how many there are, [rows].
    :param logits: that they were computed from, [answers, vocabulary].
    :param states: after every layer, [sheets, length, hidden] each; empty if not asked for.
    """

    sums: Tensor
    counts: Tensor
    logits: Tensor
    states: tuple[Tensor, ...] = ()


def answer_losses(
    reader: Reader, sheets: Sheets, states: bool = False, smoothing: float = 0.0
) -> RowLosses:
    """The losses of rows whose answers are computed at their own places only.

    :param states: also give the states after every layer.
    :param smoothing: share of every label that all tokens get alike.
    """
    found = reader(sheets, states)
    losses = nn.functional.cross_entropy(
        found.logits, sheets.wanted, reduction="none", label_smoothing=smoothing
    )
    sums = losses.new_zeros(sheets.rows).index_add(0, sheets.owner, losses)
    counts = sheets.owner.bincount(minlength=sheets.rows)
    return RowLosses(sums, counts, found.logits, found.states)


def answer_tokens(rows: Sequence[Row]) -> int:
    """How many tokens the answers of rows have."""
    return sum(sum(is_answer) for _, is_answer in rows)


def completion_loss(logits: Tensor, labels: Tensor) -> Tensor:
    """Mean cross-entropy of the next token over the labelled positions of a whole batch's logits.

    :param logits: [rows, length, vocabulary]
    :param labels: [rows, length], `IGNORED` where there is no loss
    """
    return nn.functional.cross_entropy(
        logits[:, :-1].flatten(0, 1).float(), labels[:, 1:].flatten(), ignore_index=IGNORED
    )
