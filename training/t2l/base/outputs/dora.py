"""DoRA (Liu et al., 2024): a LoRA whose adapted rows get magnitudes of their own.

    y = M / ||W + B A||_row * (W x + B A x) + bias

The norm gets no gradient, as in PEFT and section 4.3 of the paper. It is computed from factors, so
that no task ever has a matrix [out, in] of its own:

    ||W_i + (B A)_i||^2 = ||W_i||^2 + 2 (W A^T)_i . B_i + B_i (A A^T) B_i^T

With B zero and M the base model's row norms, the model is the base model to the bit.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from t2l.base.outputs.lora import Lora, lora_config, low_rank_product
from t2l.base.outputs.output import Sides, grouped
from t2l.base.target import TargetModule, TargetSpec
from t2l.base.typed import layers_at

LEAST_NORM = 1e-12  # of a row, so that one of zeros is divided by something


class Dora(Lora):
    """See `Output`."""

    title = "DoRA"
    endings: Mapping[str, str] = {**Lora.endings, "M": "lora_magnitude_vector"}

    def strengthened(self, sides: Sides, strength: float) -> Sides:
        """See `Output.strengthened`."""
        if strength != 1:
            raise ValueError(
                f"a DoRA has no strength {strength:g}: what lies between it and the base model "
                "depends on the base model's weights; give 1"
            )
        return sides

    def attach(
        self, linear: nn.Linear, module: TargetModule, sides: Sides, dropout: float = 0.0
    ) -> RemovableHandle:
        """See `Output.attach`."""
        a, b, m = sides
        tasks = len(a)
        factor = m.float() / adapted_norms(linear.weight, a, b)  # [tasks, out]

        def hook(_linear: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            update = low_rank_product(inputs[0], a, b)  # [tasks, rows, out]
            plain = output if linear.bias is None else output - linear.bias
            scale = factor[:, None].to(output.dtype)
            beyond = (factor - 1)[:, None].to(output.dtype)  # rounded after 1 is taken off
            change = beyond * grouped(plain, tasks) + scale * update.to(output.dtype)
            return output + change.view_as(output)

        return linear.register_forward_hook(hook)

    def peft_config(self, target: TargetSpec) -> dict[str, Any]:
        """See `Output.peft_config`."""
        return lora_config(target, dora=True)


@torch.no_grad()
def adapted_norms(weight: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """Norms of the rows of W + B A in float32, [tasks, out], without the sum.

    :param weight: [out, in]
    :param a: [tasks, rank, in]
    :param b: [tasks, out, rank]
    """
    weight, a, b = weight.float(), a.float(), b.float()
    with torch.autocast(weight.device.type, enabled=False):
        crossed = (a @ weight.T).mT  # [tasks, out, rank], W A^T
        squares = (b * (2 * crossed + b @ (a @ a.mT))).sum(-1)  # [tasks, out]
        return (_squares(weight) + squares).clamp(min=LEAST_NORM**2).sqrt()


def row_norms(model: nn.Module, target: TargetSpec) -> dict[str, Tensor]:
    """Norms of the rows of the base model's target modules in float32: module -> [layers, out]."""
    layers = layers_at(model, target.layers_path)
    return {
        module.name: torch.stack(
            [
                _squares(layer.get_submodule(module.path).get_parameter("weight").detach().float())
                for layer in layers
            ]
        )
        .sqrt()
        .cpu()
        for module in target.modules
    }


def _squares(weight: Tensor) -> Tensor:
    """Squared norms of rows, [out]; their roots, squared, are the same numbers again."""
    return weight.square().sum(1)
