"""Adapters of every kind with random weights, for any tiny model."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor, nn
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.layers import read_shape
from t2l.base.model import target_of_shape
from t2l.base.outputs.dora import row_norms
from t2l.base.target import BaseModelRecord, OutputKind, TargetSpec

MODULES = ("q_proj", "v_proj", "down_proj")
OTHERS: tuple[OutputKind, ...] = ("dora", "ia3")  # kinds that are no LoRA


def target_for(
    model: PreTrainedModel, output: OutputKind, modules: Sequence[str] = MODULES
) -> TargetSpec:
    """A target of a tiny model, at a scale that is not 1."""
    shape = read_shape(model)
    record = BaseModelRecord("a/b", "0" * 40, shape.architecture, "apache-2.0")
    rank = 1 if output == "ia3" else 4
    return target_of_shape(record, shape, modules, rank, 6.0, False, output)


def neutral_weights(model: nn.Module, target: TargetSpec, tasks: int) -> AdapterWeights:
    """Adapters that change nothing, though a LoRA's A is random."""
    return _weights(model, target, tasks, 0.0)


def random_weights(model: nn.Module, target: TargetSpec, tasks: int) -> AdapterWeights:
    """Adapters of which no tensor is what it started as, another one for every task."""
    return _weights(model, target, tasks, 0.3)


def _weights(model: nn.Module, target: TargetSpec, tasks: int, size: float) -> AdapterWeights:
    generator = torch.Generator().manual_seed(5)
    norms = row_norms(model, target)
    found: dict[str, tuple[Tensor, ...]] = {}
    for module in target.modules:
        sides = []
        for side, shape in target.shapes(module).items():
            drawn = torch.randn(tasks, *shape, generator=generator)
            if side in "AB":
                sides.append(drawn * (0.3 if side == "A" else size))
            else:
                start = norms[module.name] if side == "M" else torch.ones(shape)
                sides.append(start * (1 + size * drawn))
        found[module.name] = tuple(sides)
    return found
