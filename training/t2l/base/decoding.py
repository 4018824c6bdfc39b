"""Greedy answers of a frozen model under many adapters at once.

Rows are grouped by adapter as in `grouping.py`, prompts are padded on the left, and decoding is the
model's own `generate`, so what is measured is what a user of transformers gets.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext

import torch
from torch import Tensor
from transformers.generation.configuration_utils import GenerationConfig
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.applying import apply_adapters
from t2l.base.device import Device
from t2l.base.grouping import batches_by_adapter
from t2l.base.target import TargetSpec
from t2l.base.typed import generate

ROWS_A_BATCH = 96


@torch.no_grad()
def greedy(
    model: PreTrainedModel,
    prompts: Sequence[list[int]],
    longest: Sequence[int],
    ends: Sequence[int],
    pad: int,
    device: Device,
    target: TargetSpec | None = None,
    weights: AdapterWeights | None = None,
) -> list[list[int]]:
    """What the model writes after each prompt, greedily.

    :param prompts: token ids; with n adapters, the first 1/n of them are for adapter 0 and so on.
    :param longest: most tokens that each prompt's answer may have.
    :param ends: token ids that end an answer.
    :param weights: adapters [n, ...] and, with them, the target they are for.
    :return: the new token ids of each prompt, without what follows an end.
    :raises ValueError: if the prompts cannot be shared evenly among the adapters.
    """
    rows = list(zip(prompts, longest, strict=True))
    if weights is None or target is None:
        parts = [(None, rows[i : i + ROWS_A_BATCH]) for i in range(0, len(rows), ROWS_A_BATCH)]
    else:
        parts = list(batches_by_adapter(rows, weights, ROWS_A_BATCH))
    found: list[list[int]] = []
    for some, part in parts:
        with _applied(model, target, some):
            found += _continued(model, part, ends, pad, device)
    return found


def _applied(
    model: PreTrainedModel, target: TargetSpec | None, weights: AdapterWeights | None
) -> AbstractContextManager[None]:
    if weights is None or target is None:
        return nullcontext()
    return apply_adapters(model, target, weights)


def _continued(
    model: PreTrainedModel,
    rows: Sequence[tuple[list[int], int]],
    ends: Sequence[int],
    pad: int,
    device: Device,
) -> list[list[int]]:
    tokens, mask = pad_left([ids for ids, _ in rows], pad)
    limit = max(most for _, most in rows)
    options = GenerationConfig(
        max_new_tokens=limit, do_sample=False, eos_token_id=list(ends), pad_token_id=pad
    )
    # float32 on the CPU: what is reported is what consumers compute
    with device.autocast() if device.name == "cuda" else nullcontext():
        written = generate(
            model,
            input_ids=tokens.to(device.name),
            attention_mask=mask.to(device.name),
            generation_config=options,
        )[:, tokens.shape[1] :]
    return [ids[:most] for ids, (_, most) in zip(written.tolist(), rows, strict=True)]


def pad_left(prompts: Sequence[list[int]], pad: int) -> tuple[Tensor, Tensor]:
    """Prompts of one length, padded in front.

    :return: token ids and attention mask, both [prompts, longest].
    """
    longest = max(map(len, prompts))
    tokens = torch.full((len(prompts), longest), pad)
    mask = torch.zeros(len(prompts), longest, dtype=torch.long)
    for row, ids in enumerate(prompts):
        tokens[row, longest - len(ids) :] = torch.tensor(ids)
        mask[row, longest - len(ids) :] = 1
    return tokens, mask
