"""Trainable adapters, many at once as stacked tensors, and their files."""

import hashlib
import math
from collections.abc import Sequence
from pathlib import Path

import torch
from safetensors import safe_open
from safetensors.torch import save_file
from torch import Tensor, nn

from t2l.base.lora import LoraWeights
from t2l.base.target import TargetSpec


class AdapterStack(nn.Module):
    """One LoRA a name, started as PEFT starts them: A uniform, B zero.

    :param names: what the adapters are for; with the seed, a name determines its adapter's start.
    """

    def __init__(self, target: TargetSpec, names: Sequence[str], seed: int) -> None:
        super().__init__()
        self.a = nn.ParameterDict()
        self.b = nn.ParameterDict()
        generators = [_generator(f"adapter|{seed}|{name}") for name in names]
        for module in target.modules:
            bound = 1 / math.sqrt(module.in_features)
            shape = (target.layers, target.rank, module.in_features)
            starts = [torch.rand(shape, generator=generator) for generator in generators]
            b = torch.zeros(len(names), target.layers, module.out_features, target.rank)
            self.a[module.name] = nn.Parameter((2 * torch.stack(starts) - 1) * bound)
            self.b[module.name] = nn.Parameter(b)

    def forward(self) -> LoraWeights:
        """All adapters: module -> (A [T, N, r, in], B [T, N, out, r]), B unscaled."""
        return {name: (self.a[name], self.b[name]) for name in self.a}


def _generator(text: str) -> torch.Generator:
    digest = hashlib.sha256(text.encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "big") >> 1)


def save_stack(path: Path, weights: LoraWeights) -> None:
    """Write stacked adapters as safetensors, in a single rename."""
    path.parent.mkdir(parents=True, exist_ok=True)
    tensors: dict[str, Tensor] = {}
    for name, (a, b) in weights.items():
        tensors[f"{name}.A"], tensors[f"{name}.B"] = a, b
    stored = {name: tensors[name].detach().cpu().contiguous().clone() for name in sorted(tensors)}
    partial = path.with_suffix(".partial")
    save_file(stored, partial)
    partial.replace(path)


def load_stack(path: Path, rows: Sequence[int] | None = None) -> LoraWeights:
    """Read stacked adapters.

    :param rows: which of them, in this order; None for all.
    """
    pairs: dict[str, dict[str, Tensor]] = {}
    with safe_open(path, framework="pt") as file:
        for key in sorted(file.keys()):
            name, side = key.rsplit(".", 1)
            if rows is None:
                value = file.get_tensor(key)
            else:
                stored = file.get_slice(key)
                value = torch.cat([stored[row : row + 1] for row in rows])
            pairs.setdefault(name, {})[side] = value
    return {name: (sides["A"], sides["B"]) for name, sides in pairs.items()}


def to_device(weights: LoraWeights, name: str) -> LoraWeights:
    """The same adapters on a device."""
    return {module: (a.to(name), b.to(name)) for module, (a, b) in weights.items()}
