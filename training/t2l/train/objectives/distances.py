"""How far generated adapters are from canonical ones: on factors, elements or products.

    factors    (value - wanted) / deviation of its module's A or B        mse or l1
    elements   (value - wanted) / the value's own deviation               mse or l1
    product    || B A - B* A* ||^2 / || B* A* ||^2, over a whole adapter

Deviations are over all targets, so on factors and on elements (where none is at its floor) a mean
squared loss of 1 is what the mean adapter of all tasks would get. On factors, what varies little
hardly counts; on elements, all values count the same, noise included. The product has no gauge: any
factors of the right update are right. It is computed from inner products of factors.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

import torch
from torch import Tensor

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.low_rank import relative_squares
from t2l.base.moments import Moments
from t2l.config.baselines import ReconstructionConfig

Distance = Callable[[AdapterWeights, AdapterWeights], Tensor]
"""Of generated adapters [T, ...] from wanted ones [T, ...]: a number."""
Units = Mapping[str, tuple[float, float]] | Mapping[str, tuple[Tensor, Tensor]]
"""Module name -> what the values of A and of B are divided by: a number, or one for each value."""
LOSSES = {"mse": torch.square, "l1": torch.abs}


def distance_of(options: ReconstructionConfig, moments: Moments, device: str) -> Distance:
    """The distance that a recipe asks for.

    :param moments: of the targets.
    :param device: where adapters will be compared.
    """
    if options.on == "product":
        return product
    if options.on == "factors":
        return standardized(moments.deviations(), options.loss)
    own = moments.deviations_of_values().items()
    return standardized({name: (a.to(device), b.to(device)) for name, (a, b) in own}, options.loss)


def standardized(units: Units, loss: str) -> Distance:
    """Mean distance of standardized values, every module and side counting the same.

    :param units: deviations.
    :param loss: `mse` or `l1`.
    """
    apart = LOSSES[loss]

    def distance(weights: AdapterWeights, wanted: AdapterWeights) -> Tensor:
        parts = [
            apart((weights[name][side] - wanted[name][side]) / units[name][side]).mean()
            for name in wanted
            for side in (0, 1)
        ]
        return torch.stack(parts).mean()

    return distance


def product(weights: AdapterWeights, wanted: AdapterWeights) -> Tensor:
    """Mean squared relative error of the updates B A, in Frobenius norm.

    :raises ValueError: if a wanted update is zero, of which no error is a share.
    """
    squares = relative_squares(weights, wanted)  # [T]
    if not bool(torch.isfinite(squares).all()):
        raise ValueError(
            "an oracle's update is zero or no number, so no error is relative to it; train the "
            "oracles for at least a step, or set baselines.reconstruction.on to factors"
        )
    return squares.mean()
