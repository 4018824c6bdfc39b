"""Adapters applied as Text-to-LoRA's own training does it: one copy of A and of B for every token.

    A [tasks, rank, in]  --repeated-->  [tokens, in, rank]
    x [tokens, 1, in]  @ A  @ B [tokens, rank, out]  * scaling  ->  + layer output

It computes what `apply_adapters` computes, and is here only to be measured beside it: a batched
product keeps its factors for the backward pass, so a layer holds `tokens` copies of its adapter.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from t2l.base.adapter_weights import AdapterWeights, factors_of
from t2l.base.target import TargetSpec
from t2l.base.typed import layers_at


@contextmanager
def apply_repeated(model: nn.Module, target: TargetSpec, weights: AdapterWeights) -> Iterator[None]:
    """Make every target module add its task's update while the block runs, token by token.

    :param weights: module -> (A [tasks, layers, rank, in], B [tasks, layers, out, rank]); the rows
        of a batch are grouped by task.
    """
    handles = []
    try:
        factors = factors_of(weights, "the repeated product")
        for module in target.modules:
            a, b = factors[module.name]
            pairs = zip(a.unbind(1), b.unbind(1), strict=True)
            for layer, pair in zip(layers_at(model, target.layers_path), pairs, strict=True):
                hook = _add_repeated(*pair, target.scaling)
                handles.append(layer.get_submodule(module.path).register_forward_hook(hook))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _add_repeated(a: Tensor, b: Tensor, scaling: float):
    """A forward hook for one linear layer; a [tasks, rank, in], b [tasks, out, rank]."""

    def hook(_linear: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        x = inputs[0]  # [rows, length, in]
        tokens = x.shape[0] * x.shape[1]
        each = tokens // len(a)
        down = a.to(x.dtype).mT.repeat_interleave(each, dim=0)  # [tokens, in, rank]
        up = b.to(x.dtype).mT.repeat_interleave(each, dim=0)  # [tokens, rank, out]
        update = torch.bmm(torch.bmm(x.reshape(tokens, 1, -1), down), up) * scaling
        return output + update.view_as(output).to(output.dtype)

    return hook


def repeated_bytes(target: TargetSpec, tokens: int, width: int) -> int:
    """Bytes of all copies that a step keeps for its backward pass.

    That needs no A of the first layer: what goes into it has no gradient.

    :param tokens: that run in a step.
    :param width: bytes of a value.
    """
    unneeded = target.rank * sum(module.in_features for module in target.modules)
    return tokens * width * (target.parameters - unneeded)
