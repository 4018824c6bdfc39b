"""What every kind of adapter answers; the names and shapes of its tensors are the target's."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from t2l.base.target import TargetModule, TargetSpec

Sides = tuple[Tensor, ...]
"""One module's tensors in the order of `TargetSpec.sides`."""


class Output(Protocol):
    """A kind of adapter."""

    @property
    def title(self) -> str:
        """What people call it."""
        ...

    @property
    def endings(self) -> Mapping[str, str]:
        """Side -> what PEFT's name of its tensor ends with, after the layer's."""
        ...

    def folded(self, sides: Sides, scaling: float) -> Sides:
        """Sides with the LoRA scale in them, as graphs and files have them."""
        ...

    def unfolded(self, sides: Sides, scaling: float) -> Sides:
        """Sides as a hypernetwork is trained to make them, from those of a graph."""
        ...

    def strengthened(self, sides: Sides, strength: float) -> Sides:
        """Sides whose update of the base model is multiplied by a strength.

        :raises ValueError: for a strength that this kind cannot have.
        """
        ...

    def attach(
        self, linear: nn.Linear, module: TargetModule, sides: Sides, dropout: float = 0.0
    ) -> RemovableHandle:
        """Make a layer act as adapted, each task on its own rows, until the handle is removed.

        :param sides: of this layer, [tasks, ...], with the scale in them.
        :param dropout: share of the inputs that a LoRA does not get; other kinds take none.
        """
        ...

    def filed(self, side: str, values: Tensor, module: TargetModule) -> Tensor:
        """One layer's side in the shape that PEFT's file has."""
        ...

    def peft_config(self, target: TargetSpec) -> dict[str, Any]:
        """The `adapter_config.json` of every adapter of a target, as `src/adapter` has it."""
        ...


def grouped(values: Tensor, tasks: int) -> Tensor:
    """Rows of a batch by task: [tasks * n, ..., width] as [tasks, n * ..., width].

    :raises ValueError: if the rows cannot be shared evenly.
    """
    if values.shape[0] % tasks:
        raise ValueError(f"a batch of {values.shape[0]} rows cannot hold {tasks} equal groups")
    return values.reshape(tasks, -1, values.shape[-1])
