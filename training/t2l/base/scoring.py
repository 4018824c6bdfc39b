"""Exact match without generating: one pass over the question with its right answer.

Greedy decoding gives the right answer if and only if, after the prompt and every right prefix of
the answer, the likeliest token is the next right one. So one teacher-forced pass decides exact
match for all positions at once, at a fraction of the cost of decoding token by token. Only the
places that predict an answer go through the model's head (`reader.py`).
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import AdapterWeights, adapter_count
from t2l.base.applying import apply_adapters
from t2l.base.device import Device
from t2l.base.grouping import batches_by_adapter
from t2l.base.reader import Reader
from t2l.base.target import TargetSpec
from t2l.template.rows import IGNORED, Row

ROWS_A_BATCH = 160


@torch.no_grad()
def exact_matches(
    model: PreTrainedModel,
    rows: Sequence[Row],
    device: Device,
    target: TargetSpec | None = None,
    weights: AdapterWeights | None = None,
) -> list[bool]:
    """Whether greedy decoding would give each row's answer.

    :param model: any causal language model.
    :param rows: a template's questions; with n adapters, the first 1/n of them are for adapter 0
        and so on.
    :param weights: adapters [n, ...] and, with them, the target they are for.
    :raises ValueError: if the rows cannot be shared evenly among the adapters.
    """
    # float32 on the CPU: what is reported is what consumers compute
    exact = Device(device.name, bfloat16=device.bfloat16 and device.name == "cuda")
    reader = Reader(model, exact)
    if weights is None or target is None:
        parts = [rows[i : i + ROWS_A_BATCH] for i in range(0, len(rows), ROWS_A_BATCH)]
        return [hit for part in parts for hit in _hits(reader, part, len(part))]
    found: list[bool] = []
    for some, part in batches_by_adapter(rows, weights, ROWS_A_BATCH):
        with apply_adapters(model, target, some):
            found += _hits(reader, part, adapter_count(some))
    return found


def _hits(reader: Reader, rows: Sequence[Row], groups: int) -> list[bool]:
    """Whether all tokens of each row's answer are the likeliest ones."""
    sheets = reader.sheets(rows, groups)
    wrong = (reader(sheets).logits.argmax(-1) != sheets.wanted).long()  # [answers]
    missed = wrong.new_zeros(sheets.rows).index_add(0, sheets.owner, wrong)
    return (missed == 0).tolist()


def answered(logits: Tensor, labels: Tensor) -> Tensor:
    """Whether the likeliest token is right at every labelled position, [rows].

    For models that only give the logits of a whole batch.

    :param logits: [rows, length, vocabulary]
    :param labels: [rows, length], `IGNORED` off the answer.
    """
    wanted = labels[:, 1:]
    right = logits[:, :-1].argmax(-1) == wanted
    return (right | (wanted == IGNORED)).all(dim=1)
