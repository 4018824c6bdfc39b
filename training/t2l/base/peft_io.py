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

from t2l.base.outputs import ENDINGS, output_of
from t2l.base.target import LAYERS_PATH, OutputKind, TargetModule, TargetSpec

WEIGHTS_FILE = "adapter_model.safetensors"
CONFIG_FILE = "adapter_config.json"


def tensor_name(path: str, layer: int, side: str, layers_path: str = LAYERS_PATH) -> str:
    """PEFT's name of one tensor, `side` being A or B, M of DoRA or L of IA3."""
    return f"base_model.model.{layers_path}.{layer}.{path}.{ENDINGS[side]}"


def filed_tensors(
    target: TargetSpec, weights: Mapping[str, tuple[Tensor, ...]]
) -> dict[str, Tensor]:
    """PEFT name -> tensor in the shape that its file has, by module, side and layer.

    :param weights: module -> its sides, [layers, ...], the scale in B.
    """
    output = output_of(target)
    return {
        tensor_name(module.path, layer, side, target.layers_path): output.filed(
            side, stacked[layer], module
        )
        for module in target.modules
        for side, stacked in zip(target.sides, weights[module.name], strict=True)
        for layer in range(target.layers)
    }


def stacked_tensors(
    target: TargetSpec, tensors: Mapping[str, Tensor]
) -> dict[str, tuple[Tensor, ...]]:
    """Module -> its sides, [layers, ...], copies, from tensors by PEFT name.

    :raises ValueError: for one that is not there.
    """
    found: dict[str, tuple[Tensor, ...]] = {}
    for module in target.modules:
        sides = []
        for side, shape in target.shapes(module).items():
            names = _names(target, module, side)
            missing = [name for name in names if name not in tensors]
            if missing:
                raise ValueError(f"the adapter lacks {missing[0]}")
            sides.append(torch.stack([tensors[name].reshape(shape[1:]) for name in names]))
        found[module.name] = tuple(sides)
    return found


def _names(target: TargetSpec, module: TargetModule, side: str) -> list[str]:
    layers = range(target.layers)
    return [tensor_name(module.path, layer, side, target.layers_path) for layer in layers]


def save_adapter(
    folder: Path,
    target: TargetSpec,
    weights: Mapping[str, tuple[Tensor, ...]],
    dtype: torch.dtype = torch.float32,
) -> None:
    """Write one adapter.

    :param weights: module -> its sides, such as (A [layers, rank, in], B [layers, out, rank]), the
        scale in B.
    """
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {
        name: tensor.detach().to("cpu", dtype).contiguous()
        for name, tensor in filed_tensors(target, weights).items()
    }
    save_file(dict(sorted(tensors.items())), folder / WEIGHTS_FILE, metadata={"format": "pt"})
    (folder / CONFIG_FILE).write_text(config_text(target), encoding="utf-8")


def config_text(target: TargetSpec) -> str:
    """`adapter_config.json`, byte for byte as the edge writes it."""
    return json.dumps(peft_config(target), indent=2, ensure_ascii=False) + "\n"


def peft_config(target: TargetSpec) -> dict[str, Any]:
    """The `adapter_config.json` of every adapter of a target, as `src/adapter` has it."""
    return output_of(target).peft_config(target)


def load_adapter(folder: Path, target: TargetSpec) -> dict[str, tuple[Tensor, ...]]:
    """Read one adapter, the scale in B whatever its config says.

    :return: module -> its sides, such as (A [layers, rank, in], B [layers, out, rank]) in float32.
    :raises ValueError: if the adapter is not one for `target`.
    """
    config = json.loads((Path(folder) / CONFIG_FILE).read_text(encoding="utf-8"))
    found = kind_of(config)
    if found != target.output:
        raise ValueError(f"the adapter is of kind {found}, the target's are {target.output}")
    scale = 1.0
    if found == "ia3":
        _require_feedforward(config, target)
    else:
        if config["r"] != target.rank:
            raise ValueError(f"the adapter has rank {config['r']}, the target {target.rank}")
        root = target.rank**0.5 if config.get("use_rslora") else target.rank
        scale = config["lora_alpha"] / root
    tensors = {k: v.float() for k, v in load_file(Path(folder) / WEIGHTS_FILE).items()}
    stacked = stacked_tensors(target, tensors)
    known = {
        name
        for module in target.modules
        for side in target.sides
        for name in _names(target, module, side)
    }
    beyond = sorted(tensors.keys() - known)
    if beyond:
        raise ValueError(f"the adapter has tensors beyond the target: {beyond[0]}")
    output = output_of(target)
    return {name: output.folded(sides, scale) for name, sides in stacked.items()}


def kind_of(config: Mapping[str, Any]) -> OutputKind:
    """The kind of adapter that a PEFT config is of.

    :raises ValueError: for one that is none of ours.
    """
    kind = config.get("peft_type", "LORA")
    if kind == "IA3":
        return "ia3"
    if kind != "LORA":
        raise ValueError(f"the adapter is a {kind}; there are LORA (and DoRA) and IA3 here")
    return "dora" if config.get("use_dora") else "lora"


def _require_feedforward(config: Mapping[str, Any], target: TargetSpec) -> None:
    wanted = sorted(module.name for module in target.modules if module.feedforward)
    found = sorted(config.get("feedforward_modules") or [])
    if found != wanted:
        raise ValueError(
            f"the adapter has feedforward modules {', '.join(found) or 'none'}, the target "
            f"{', '.join(wanted) or 'none'}"
        )
