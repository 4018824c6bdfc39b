"""Adapters as tensors: of every target module the sides that its kind of output has.

    lora  (A [tasks, layers, rank, in], B [tasks, layers, out, rank])
    dora  the same two, and M [tasks, layers, out]
    ia3   (L [tasks, layers, in or out],)

Most code only moves, joins or scales them and takes any kind. What means something for a LoRA alone
asks for its factors with `factors_of`, which refuses other kinds.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence

import torch
from torch import Tensor

AdapterWeights = Mapping[str, tuple[Tensor, ...]]
"""Module name -> its sides in the order of `TargetSpec.sides`, B unscaled."""
LoraWeights = Mapping[str, tuple[Tensor, Tensor]]
"""Module name -> (A [tasks, layers, rank, in], B [tasks, layers, out, rank]), B unscaled."""


def changed(weights: AdapterWeights, change: Callable[[Tensor], Tensor]) -> AdapterWeights:
    """Weights of which every side is changed alike."""
    return {name: tuple(map(change, sides)) for name, sides in weights.items()}


def concatenated(parts: Sequence[AdapterWeights]) -> AdapterWeights:
    """The adapters of all parts in a row, [tasks of all, ...]."""
    return {
        name: tuple(torch.cat(sides) for sides in zip(*(part[name] for part in parts), strict=True))
        for name in parts[0]
    }


def added(first: AdapterWeights, second: AdapterWeights) -> AdapterWeights:
    """The sums of two sets of adapters, side by side."""
    return {
        name: tuple(x + y for x, y in zip(sides, second[name], strict=True))
        for name, sides in first.items()
    }


def named_sides(sides: Sequence[Tensor]) -> list[tuple[str, Tensor]]:
    """A module's sides with their names, in order, told apart by how many there are."""
    names = {1: "L", 2: "AB", 3: "ABM"}[len(sides)]
    return list(zip(names, sides, strict=True))


def adapter_count(weights: AdapterWeights) -> int:
    """How many adapters there are."""
    return next(iter(weights.values()))[0].shape[0]


def factors_of(weights: AdapterWeights, what: str) -> LoraWeights:
    """The same adapters, once it is sure that they are LoRAs.

    :param what: what is to be done with them, for the message.
    :raises ValueError: for another kind of output.
    """
    found: dict[str, tuple[Tensor, Tensor]] = {}
    for name, sides in weights.items():
        if len(sides) != 2:
            raise ValueError(
                f"{what} needs a LoRA's factors A and B, and {name} has {len(sides)} tensors: "
                "set target.output to lora"
            )
        found[name] = (sides[0], sides[1])
    return found
