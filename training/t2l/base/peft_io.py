"""Adapters in PEFT's layout: `adapter_model.safetensors` and `adapter_config.json`.

The scale lies in B already, so the config says lora_alpha = r and use_rslora = false: every
consumer applies exactly 1, also those that do not read the rank-stabilised flag.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file, save_file
from torch import Tensor

from t2l.base.target import LAYERS_PATH, TargetSpec

WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"


def tensor_name(path: str, layer: int, side: str, layers_path: str = LAYERS_PATH) -> str:
    """PEFT's name of one tensor, `side` being A or B."""
    return f"base_model.model.{layers_path}.{layer}.{path}.lora_{side}.weight"


def save_adapter(
    folder: Path,
    target: TargetSpec,
    weights: Mapping[str, tuple[Tensor, Tensor]],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write one adapter.

    :param weights: module -> (A [layers, rank, in], B [layers, out, rank]), the scale in B.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {}
    for module in target.modules:
        a, b = weights[module.name]
        for layer in range(target.layers):
            for side, matrix in (("A", a[layer]), ("B", b[layer])):
                name = tensor_name(module.path, layer, side, target.layers_path)
                tensors[name] = matrix.detach().to("cpu", dtype).contiguous()
    save_file(dict(sorted(tensors.items())), folder / WEIGHTS_FILE, metadata={"format": "pt"})
    (folder / CONFIG_FILE).write_text(config_text(target), encoding="utf-8")


def config_text(target: TargetSpec) -> str:
    """`adapter_config.json`, byte for byte as the edge writes it."""
    return json.dumps(peft_config(target), indent=2, ensure_ascii=False) + "\n"


def peft_config(target: TargetSpec) -> dict[str, Any]:
    """The `adapter_config.json` of every adapter of a target, as `src/adapter/peft.ts` has it."""
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
        "use_dora": False,
        "init_lora_weights": True,
        "rank_pattern": {},
        "alpha_pattern": {},
        "layers_to_transform": None,
        "layers_pattern": None,
    }


def load_adapter(folder: Path, target: TargetSpec) -> dict[str, tuple[Tensor, Tensor]]:
    """Read one adapter, the scale in B whatever its config says.

    :return: module -> (A [layers, rank, in], B [layers, out, rank]) in float32.
    :raises ValueError: if the adapter is not one for `target`.
    """
    config = json.loads((Path(folder) / CONFIG_FILE).read_text(encoding="utf-8"))
    if config["r"] != target.rank:
        raise ValueError(f"the adapter has rank {config['r']}, the target {target.rank}")
    root = target.rank**0.5 if config.get("use_rslora") else target.rank
    tensors = load_file(Path(folder) / WEIGHTS_FILE)
    weights = {}
    for module in target.modules:
        sides = []
        for side in "AB":
            names = [
                tensor_name(module.path, layer, side, target.layers_path)
                for layer in range(target.layers)
            ]
            missing = [name for name in names if name not in tensors]
            if missing:
                raise ValueError(f"the adapter lacks {missing[0]}")
            sides.append(torch.stack([tensors.pop(name).float() for name in names]))
        weights[module.name] = (sides[0], sides[1] * (config["lora_alpha"] / root))
    if tensors:
        raise ValueError(f"the adapter has tensors beyond the target: {sorted(tensors)[0]}")
    return weights
