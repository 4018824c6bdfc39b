"""Exact match without generating: one pass over the question with its right answer.

Greedy decoding gives the right answer if and only if, after the prompt and every right prefix of
the answer, the likeliest token is the next right one. So one teacher-forced pass decides exact
match for all positions at once, at a fraction of the cost of decoding token by token.
"""

from collections.abc import Iterator, Sequence
from contextlib import nullcontext

import torch
from torch import Tensor
from transformers import LlamaForCausalLM

from t2l.base.device import Device
from t2l.base.lora import LoraWeights, apply_lora
from t2l.base.target import TargetSpec
from t2l.template.rows import IGNORED, Row, collate

ROWS_A_BATCH = 160


@torch.no_grad()
def exact_matches(
    model: LlamaForCausalLM,
    rows: Sequence[Row],
    device: Device,
    target: TargetSpec | None = None,
    weights: LoraWeights | None = None,
) -> list[bool]:
    """Whether greedy decoding would give each row's answer.

    :param rows: questions; with n adapters, the first 1/n of them are for adapter 0 and so on.
    :param weights: adapters [n, ...] and, with them, the target they are for.
    :raises ValueError: if the rows cannot be shared evenly among the adapters.
    """
    if weights is None or target is None:
        parts = [rows[i : i + ROWS_A_BATCH] for i in range(0, len(rows), ROWS_A_BATCH)]
        return [hit for part in parts for hit in _hits(model, part, device)]
    found: list[bool] = []
    for some, part in _by_adapter(rows, weights):
        with apply_lora(model, target, some):
            found += _hits(model, part, device)
    return found


def _by_adapter(
    rows: Sequence[Row], weights: LoraWeights
) -> Iterator[tuple[LoraWeights, Sequence[Row]]]:
    """Batches of adapters with their rows, or of rows where one adapter has very many."""
    adapters = next(iter(weights.values()))[0].shape[0]
    if len(rows) % adapters:
        raise ValueError(f"{len(rows)} rows cannot be shared evenly among {adapters} adapters")
    each = len(rows) // adapters
    together = max(1, ROWS_A_BATCH // each)
    for start in range(0, adapters, together):
        some = {
            name: (a[start:][:together], b[start:][:together]) for name, (a, b) in weights.items()
        }
        own = rows[start * each : (start + together) * each]
        if together > 1:
            yield some, own
        else:
            for first in range(0, len(own), ROWS_A_BATCH):
                yield some, own[first : first + ROWS_A_BATCH]


def _hits(model: LlamaForCausalLM, rows: Sequence[Row], device: Device) -> list[bool]:
    tokens, labels = (part.to(device.name) for part in collate(rows))
    # float32 on the CPU: what is reported is what consumers compute
    with device.autocast() if device.name == "cuda" else nullcontext():
        logits = model(input_ids=tokens).logits
    return answered(logits, labels).tolist()


def answered(logits: Tensor, labels: Tensor) -> Tensor:
    """Whether the likeliest token is right at every labelled position, [rows].

    :param logits: [rows, length, vocabulary]
    :param labels: [rows, length], `IGNORED` off the answer.
    """
    wanted = labels[:, 1:]
    right = logits[:, :-1].argmax(-1) == wanted
    return (right | (wanted == IGNORED)).all(dim=1)
