"""How far generated adapters are from canonical ones.

Every value is standardized by the deviation of its module's A or B over all targets, so a mean
squared loss of 1 is what the mean adapter of all tasks would get.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from t2l.base.lora import LoraWeights

Distance = Callable[[LoraWeights, LoraWeights], Tensor]
"""Of generated adapters [T, ...] from wanted ones [T, ...]: a number."""
LOSSES = {"mse": torch.square, "l1": torch.abs}


def standardized(units: Mapping[str, tuple[float, float]], loss: str) -> Distance:
    """Mean distance of standardized values, every module and side counting the same.

    :param units: standard deviation of each module's A and B.
    :param loss: `mse` or `l1`.
    """
    apart = LOSSES[loss]

    def distance(weights: LoraWeights, wanted: LoraWeights) -> Tensor:
        parts = [
            apart((weights[name][side] - wanted[name][side]) / units[name][side]).mean()
            for name in wanted
            for side in (0, 1)
        ]
        return torch.stack(parts).mean()

    return distance
