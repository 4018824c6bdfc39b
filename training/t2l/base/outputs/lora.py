"""LoRA (Hu et al., 2021): a low-rank update beside a frozen layer, by one batched product a layer.

x [tasks * n, length, in]  --view-->  [tasks, n * length, in]
  @ A^T [tasks, in, rank]  @ B^T [tasks, rank, out]  * scaling  --view-->  + layer output
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor, nn
from torch.utils.hooks import RemovableHandle

from t2l.base.outputs.output import Sides, grouped
from t2l.base.target import TargetModule, TargetSpec


class Lora:
    """See `Output`."""

    title = "LoRA"
    endings: Mapping[str, str] = {"A": "lora_A.weight", "B": "lora_B.weight"}

    def folded(self, sides: Sides, scaling: float) -> Sides:
        """See `Output.folded`."""
        a, b, *others = sides
        return (a, b * scaling, *others)

    def unfolded(self, sides: Sides, scaling: float) -> Sides:
        """See `Output.unfolded`."""
        a, b, *others = sides
        return (a, b / scaling, *others)

    def strengthened(self, sides: Sides, strength: float) -> Sides:
        """See `Output.strengthened`."""
        a, b = sides
        return (a, b * strength)

    def attach(
        self, linear: nn.Linear, module: TargetModule, sides: Sides, dropout: float = 0.0
    ) -> RemovableHandle:
        """See `Output.attach`."""
        a, b = sides

        def hook(_linear: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
            x = nn.functional.dropout(inputs[0], dropout) if dropout > 0 else inputs[0]
            update = low_rank_product(x, a, b)
            return output + update.view_as(output).to(output.dtype)

        return linear.register_forward_hook(hook)

    def filed(self, side: str, values: Tensor, module: TargetModule) -> Tensor:
        """See `Output.filed`."""
        return values

    def peft_config(self, target: TargetSpec) -> dict[str, Any]:
        """See `Output.peft_config`."""
        return lora_config(target, dora=False)


def low_rank_product(x: Tensor, a: Tensor, b: Tensor) -> Tensor:
    """B A x of every task on its own rows, [tasks, rows, out].

    :param x: [tasks * n, ..., in]
    :param a: [tasks, rank, in]
    :param b: [tasks, out, rank]
    """
    low = torch.bmm(grouped(x, len(a)), a.to(x.dtype).transpose(1, 2))  # [tasks, rows, rank]
    return torch.bmm(low, b.to(low.dtype).transpose(1, 2))


def lora_config(target: TargetSpec, dora: bool) -> dict[str, Any]:
    """PEFT's config of a LoRA with the scale in B: lora_alpha = r, so that all apply 1."""
    return {
        "peft_type": "LORA",
        "task_type": "CAUSAL_LM",
        "base_model_name_or_path": target.base_model.id,
        "revision": target.base_model.revision,
        "inference_mode": True,
        "r": target.rank,
        "lora_alpha": target.rank,
        "lora_dropout": 0,
        "target_modules": list(target.module_names),
        "bias": "none",
        "fan_in_fan_out": False,
        "modules_to_save": None,
        "use_rslora": False,
        "use_dora": dora,
        "init_lora_weights": True,
        "rank_pattern": {},
        "alpha_pattern": {},
        "layers_to_transform": None,
        "layers_pattern": None,
    }
