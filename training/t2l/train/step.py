"""A step's gradients, part by part: memory for one part's activations, and exact gradients.

    generated adapters --cut--> leaves --hooks--> base model --> loss
            ^                      |                               |
            |______ all at once ___|____ backward, hooks still on _|

The generated adapters are cut off from what generated them. Forward and backward pass of a part
(rows of similar length) both run while the adapters are applied, which gradient checkpointing
needs, and nothing of one part is kept for the next. At the end the gradients of all parts go
through what generated the adapters once.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeVar

import torch
from torch import Tensor

from t2l.base.adapter_weights import AdapterWeights, changed

P = TypeVar("P")


def adapted_backward(
    weights: AdapterWeights,
    parts: Iterable[tuple[Tensor, P]],
    run: Callable[[P, AdapterWeights], None],
    dtype: torch.dtype = torch.float32,
    begun: AdapterWeights | None = None,
) -> None:
    """Run parts and leave the gradients where the adapters came from.

    :param weights: generated adapters, [tasks, ...]; without gradients, parts only run.
    :param parts: which adapters each part is under, [tasks of the part], and the part.
    :param run: forward and backward pass of a part under its adapters, which are leaves.
    :param dtype: of the factors among the leaves, the model's. What scales rows, [tasks, layers,
        width], stays as precise as it is: near 1, half precision has no small changes.
    :param begun: gradients of what does not go through the base model; none by default.
    """
    generated = [value for sides in weights.values() for value in sides]
    learns = any(value.requires_grad for value in generated)
    gradients = begun or changed(weights, lambda side: torch.zeros_like(side) if learns else side)

    def leaf(side: Tensor, places: Tensor) -> Tensor:
        taken = side.detach()[places]
        return (taken.to(dtype) if side.dim() == 4 else taken).requires_grad_(learns)

    for places, part in parts:
        leaves = {
            name: tuple(leaf(side, places) for side in sides) for name, sides in weights.items()
        }
        run(part, leaves)
        if not learns:
            continue
        for name, sides in leaves.items():
            for total, side in zip(gradients[name], sides, strict=True):
                if side.grad is not None:
                    total.index_add_(0, places, side.grad.to(total.dtype))
    if learns:
        summed = [value for sides in gradients.values() for value in sides]
        torch.autograd.backward(generated, summed)
