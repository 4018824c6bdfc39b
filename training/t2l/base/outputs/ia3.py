"""IA3 (Liu et al., 2022): factors on what a layer gives, or on what a feedforward module gets.

    y = L * (W x + bias)        y = W (L * x) + bias   for a feedforward module

A factor is absolute: 1 changes nothing. Which modules are feedforward ones is PEFT's choice for an
architecture unless a recipe says otherwise.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from t2l.base.outputs.output import Sides, grouped
from t2l.base.target import TargetModule, TargetSpec


class Ia3:
    """See `Output`."""

    title = "IA3"
    endings: Mapping[str, str] = {"L": "ia3_l"}

    def folded(self, sides: Sides, scaling: float) -> Sides:
        """See `Output.folded`."""
        return sides

    def unfolded(self, sides: Sides, scaling: float) -> Sides:
        """See `Output.unfolded`."""
        return sides

    def strengthened(self, sides: Sides, strength: float) -> Sides:
        """See `Output.strengthened`."""
        (factors,) = sides
        return (1 + strength * (factors - 1),)

    def attach(
        self, linear: nn.Linear, module: TargetModule, sides: Sides, dropout: float = 0.0
    ) -> RemovableHandle:
        """See `Output.attach`."""
        (factors,) = sides  # [tasks, in or out]
        tasks = len(factors)

        def scaled(values: Tensor) -> Tensor:
            return (grouped(values, tasks) * factors[:, None]).view_as(values).to(values.dtype)

        if module.feedforward:

            def before(_linear: nn.Module, inputs: tuple[Tensor, ...]) -> tuple[Tensor, ...]:
                return (scaled(inputs[0]), *inputs[1:])

            return linear.register_forward_pre_hook(before)

        def after(_linear: nn.Module, _inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            return scaled(output)

        return linear.register_forward_hook(after)

    def filed(self, side: str, values: Tensor, module: TargetModule) -> Tensor:
        """See `Output.filed`."""
        return values.reshape((1, -1) if module.feedforward else (-1, 1))

    def peft_config(self, target: TargetSpec) -> dict[str, Any]:
        """See `Output.peft_config`."""
        return {
            "peft_type": "IA3",
            "task_type": "CAUSAL_LM",
            "base_model_name_or_path": target.base_model.id,
            "revision": target.base_model.revision,
            "inference_mode": True,
            "target_modules": list(target.module_names),
            "feedforward_modules": [m.name for m in target.modules if m.feedforward],
            "fan_in_fan_out": False,
            "modules_to_save": None,
            "init_ia3_weights": True,
        }
