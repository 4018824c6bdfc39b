"""Trainable adapters, many at once as stacked tensors, and their files."""

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from t2l.base.adapter_weights import AdapterWeights, changed, named_sides
from t2l.base.outputs.dora import row_norms
from t2l.base.target import TargetSpec


class AdapterStack(nn.Module):
    """One adapter a name, started as PEFT starts them: A uniform, B zero, factors at 1.

    :param names: what the adapters are for; with the seed, a name determines its adapter's start.
    :param model: the base model, whose row norms are where a DoRA's magnitudes start.
    """

    def __init__(
        self, target: TargetSpec, names: Sequence[str], seed: int, model: nn.Module | None = None
    ) -> None:
        super().__init__()
        self.a = nn.ParameterDict()
        self.b = nn.ParameterDict()
        self.scale = nn.ParameterDict()
        generators = [_generator(f"adapter|{seed}|{name}") for name in names]
        for module in target.modules:
            if target.output == "ia3":
                break
            bound = 1 / math.sqrt(module.in_features)
            shape = (target.layers, target.rank, module.in_features)
            starts = [torch.rand(shape, generator=generator) for generator in generators]
            b = torch.zeros(len(names), target.layers, module.out_features, target.rank)
            self.a[module.name] = nn.Parameter((2 * torch.stack(starts) - 1) * bound)
            self.b[module.name] = nn.Parameter(b)
        if target.output != "lora":
            for name, value in _scales(target, model).items():
                self.scale[name] = nn.Parameter(value.repeat(len(names), 1, 1))

    def forward(self) -> AdapterWeights:
        """All adapters: module -> (A [T, N, r, in], B [T, N, out, r]), B unscaled, and so on."""
        filled = [part for part in (self.a, self.b, self.scale) if len(part)]
        return {name: tuple(part[name] for part in filled) for name in filled[0]}


def _scales(target: TargetSpec, model: nn.Module | None) -> dict[str, Tensor]:
    """Where magnitudes or factors start: module -> [N, width]."""
    if target.output == "ia3":
        return {m.name: torch.ones(target.shapes(m)["L"]) for m in target.modules}
    if model is None:
        raise ValueError("a DoRA starts from the base model's row norms: give the model")
    return row_norms(model, target)


def _generator(text: str) -> torch.Generator:
    digest = hashlib.sha256(text.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def save_stack(path: Path, weights: AdapterWeights) -> None:
    """Write stacked adapters as safetensors, in a single rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Tensor] = {}
    for name, sides in weights.items():
        tensors |= {f"{name}.{side}": values for side, values in named_sides(sides)}
    stored = {name: tensors[name].detach().cpu().contiguous().clone() for name in sorted(tensors)}
    partial = path.with_suffix(".partial")
    save_file(stored, partial)
    partial.replace(path)


def load_stack(
    path: Path, rows: Sequence[int] | None = None, layer: int | None = None
) -> AdapterWeights:
    """Read stacked adapters.

    :param rows: which of them, in this order; None for all.
    :param layer: the only one that is read of each; None for all.
    """
    own = slice(None) if layer is None else slice(layer, layer + 1)
    pairs: dict[str, dict[str, Tensor]] = {}
    with safe_open(path, framework="pt") as file:
        for key in sorted(file.keys()):
            name, side = key.rsplit(".", 1)
            stored = file.get_slice(key)
            if rows is None:
                value = stored[:, own]
            else:
                value = torch.cat([stored[row : row + 1, own] for row in rows])
            pairs.setdefault(name, {})[side] = value
    return {name: tuple(sides[side] for side in sorted(sides)) for name, sides in pairs.items()}


def to_device(weights: AdapterWeights, name: str) -> AdapterWeights:
    """The same adapters on a device."""
    return changed(weights, lambda side: side.to(name))
