"""One adapter as a hypernetwork made it, and its two files, byte for byte as the edge writes them.

The update of a layer is B @ A: the scale lies in B, so alpha is the rank and PEFT applies 1. An
adapter of another kind (`target.output`) has that kind's tensors in the same places.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import torch
from safetensors.torch import save as safetensors_bytes
from torch import Tensor

from t2l.api.fit import UNKNOWN, Fit
from t2l.base.outputs import output_of
from t2l.base.peft_io import (
    CONFIG_FILE,
    WEIGHTS_FILE,
    config_text,
    filed_tensors,
    stacked_tensors,
    tensor_name,
)
from t2l.base.target import TargetSpec

STORED_DTYPES = (torch.float32, torch.float16, torch.bfloat16)


@dataclass(frozen=True)
class Hypernet:
    """Which hypernetwork made an adapter; `digest` is the sha256 of its manifest."""

    name: str
    version: str
    digest: str

    def __str__(self) -> str:
        return f"{self.name} {self.version}"


@dataclass(frozen=True, eq=False, repr=False)
class Lora:
    """One adapter, the scale in B, so that the update of a layer is exactly B @ A.

    :param target: the base model, its layers and target modules, and the rank; alpha is the rank.
    :param tensors: PEFT name -> A [rank, in] or B [out, rank], by module, layer and side; of a DoRA
        also its magnitudes [out], of an IA3 factors, [out, 1] or [1, in]. Float32 on the CPU when
        generated; see `to`.
    :param hypernet: what made it.
    :param description: the normalised description, None if it was made from an embedding.
    :param fit: what is to be expected of it at strength 1.
    :param id: what endpoints call it, in float32 at strength 1; None if no endpoint can make it.
    :raises ValueError: for tensors that are not those of the target, naming the first.
    """

    target: TargetSpec
    tensors: dict[str, Tensor]
    hypernet: Hypernet
    description: str | None = None
    fit: Fit = UNKNOWN
    id: str | None = None

    def __repr__(self) -> str:
        modules = ", ".join(self.target.module_names)
        what = "an embedding" if self.description is None else repr(self.description)
        kind = "Lora" if self.target.output == "lora" else output_of(self.target).title
        rank = "" if self.target.output == "ia3" else f"rank {self.target.rank} "
        return (
            f"{kind}({what}, fit {self.fit}, by {self.hypernet} for {self.target.base_model.id}, "
            f"{rank}on {modules}, id {self.id})"
        )

    def __post_init__(self) -> None:
        wanted = _shapes(self.target)
        for name, shape in wanted.items():
            if name not in self.tensors:
                raise ValueError(f"the adapter lacks {name}")
            if tuple(self.tensors[name].shape) != shape:
                raise ValueError(
                    f"{name} must be {list(shape)}, got {list(self.tensors[name].shape)}"
                )
        beyond = sorted(self.tensors.keys() - wanted.keys())
        if beyond:
            raise ValueError(f"the adapter has tensors beyond the target: {beyond[0]}")
        object.__setattr__(self, "tensors", {name: self.tensors[name] for name in wanted})

    @classmethod
    def from_weights(
        cls,
        target: TargetSpec,
        weights: Mapping[str, tuple[Tensor, ...]],
        hypernet: Hypernet,
        description: str | None = None,
        fit: Fit = UNKNOWN,
        id: str | None = None,
    ) -> Lora:
        """An adapter from module -> its sides, (A [layers, rank, in], B [layers, out, rank])."""
        return cls(target, filed_tensors(target, weights), hypernet, description, fit, id)

    @property
    def weights(self) -> dict[str, tuple[Tensor, ...]]:
        """Module -> its sides, (A [layers, rank, in], B [layers, out, rank]), copies, in target
        order."""
        return stacked_tensors(self.target, self.tensors)

    def to(
        self, device: torch.device | str | None = None, dtype: torch.dtype | None = None
    ) -> Lora:
        """The same adapter with its tensors on another device or in another dtype."""
        moved = {name: t.to(device=device, dtype=dtype) for name, t in self.tensors.items()}
        return replace(self, tensors=moved)

    def save_pretrained(self, folder: str | Path, dtype: torch.dtype = torch.float32) -> None:
        """Write the two files that `peft.PeftModel.from_pretrained` loads, as the edge writes them.

        :param dtype: float32, float16 or bfloat16.
        :raises ValueError: for another dtype, or a weight that does not fit it; nothing is written.
        """
        if dtype not in STORED_DTYPES:
            names = ", ".join(str(known) for known in STORED_DTYPES)
            raise ValueError(f"an adapter is stored in one of {names}, not in {dtype}")
        stored = {}
        for name, tensor in sorted(self.tensors.items()):
            stored[name] = tensor.detach().to("cpu", dtype).contiguous()
            if not torch.isfinite(stored[name]).all():
                raise ValueError(f"{name} has a value that does not fit {dtype}")
        folder = Path(folder)
        folder.mkdir(parents=True, exist_ok=True)
        _replace_file(folder / WEIGHTS_FILE, safetensors_bytes(stored, {"format": "pt"}))
        _replace_file(folder / CONFIG_FILE, config_text(self.target).encode())


def _shapes(target: TargetSpec) -> dict[str, tuple[int, ...]]:
    """PEFT name -> shape, by module, layer and side."""
    output = output_of(target)
    shapes: dict[str, tuple[int, ...]] = {}
    for module in target.modules:
        for layer in range(target.layers):
            for side, (_, *shape) in target.shapes(module).items():
                filed = output.filed(side, torch.empty(shape, device="meta"), module)
                name = tensor_name(module.path, layer, side, target.layers_path)
                shapes[name] = tuple(filed.shape)
    return shapes


def _replace_file(path: Path, data: bytes) -> None:
    partial = path.with_suffix(".partial")
    partial.write_bytes(data)
    partial.replace(path)
