"""LoRA applied per task to a frozen transformers model, by one batched product a layer.

    x [tasks * n, length, in]  --view-->  [tasks, n * length, in]
      @ A^T [tasks, in, rank]  @ B^T [tasks, rank, out]  * scaling  --view-->  + layer output

The rows of a batch are grouped by task: the first n rows belong to task 0, the next n to task 1.
Nothing is repeated per token or per row, so a batch of many tasks costs about as much as one.
Outside the `with` block the model is as it was, also after an exception. A backward pass belongs
inside it: gradient checkpointing runs layers again then, and must find the same updates.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import torch
from torch import Tensor, nn

from t2l.base.target import TargetSpec
from t2l.base.typed import layers_at

LoraWeights = Mapping[str, tuple[Tensor, Tensor]]
"""Module name -> (A [tasks, layers, rank, in], B [tasks, layers, out, rank]), B unscaled."""


def changed(weights: LoraWeights, change: Callable[[Tensor], Tensor]) -> LoraWeights:
    """Weights of which every A and every B is changed alike."""
    return {name: (change(a), change(b)) for name, (a, b) in weights.items()}


def concatenated(parts: Sequence[LoraWeights]) -> LoraWeights:
    """The adapters of all parts in a row, [tasks of all, ...]."""
    return {
        name: (
            torch.cat([part[name][0] for part in parts]),
            torch.cat([part[name][1] for part in parts]),
        )
        for name in parts[0]
    }


@contextmanager
def apply_lora(
    model: nn.Module,
    target: TargetSpec,
    weights: LoraWeights,
    groups: int | None = None,
) -> Iterator[None]:
    """Make every target module of `model` add its task's update while the block runs.

    :param model: a transformers causal language model with a list of layers.
    :param target: which modules get an update, at which scale.
    :param weights: A and B for every module of the target; gradients flow through them.
    :param groups: number of tasks the batch is made of, if it is to be checked against `weights`.
    :raises ValueError: if the weights do not fit the target or the model.
    """
    layers = layers_at(model, target.layers_path)
    if len(layers) != target.layers:
        raise ValueError(f"the model has {len(layers)} layers, the target {target.layers}")
    _check_weights(target, weights, groups)

    handles = []
    try:
        for module in target.modules:
            a, b = weights[module.name]
            # unbound, not indexed: the gradient of an index is as large as all layers together
            pairs = zip(a.unbind(1), (b * target.scaling).unbind(1), strict=True)
            for layer, pair in zip(layers, pairs, strict=True):
                linear = layer.get_submodule(module.path)
                handles.append(linear.register_forward_hook(_add_update(*pair)))
        yield
    finally:
        for handle in handles:
            handle.remove()


def _add_update(a: Tensor, b: Tensor):
    """A forward hook for one linear layer; a [tasks, rank, in], b [tasks, out, rank] scaled."""
    tasks = a.shape[0]

    def hook(_linear: nn.Module, inputs: tuple[Tensor, ...], output: Tensor) -> Tensor:
        x = inputs[0]
        if x.shape[0] % tasks:
            raise ValueError(f"a batch of {x.shape[0]} rows cannot hold {tasks} equal groups")
        grouped = x.reshape(tasks, -1, x.shape[-1])  # [tasks, n * length, in]
        low = torch.bmm(grouped, a.to(x.dtype).transpose(1, 2))  # [tasks, n * length, rank]
        update = torch.bmm(low, b.to(low.dtype).transpose(1, 2))  # [tasks, n * length, out]
        return output + update.view_as(output).to(output.dtype)

    return hook


def _check_weights(target: TargetSpec, weights: LoraWeights, groups: int | None) -> None:
    tasks = groups
    for module in target.modules:
        if module.name not in weights:
            raise ValueError(f"weights lack the target module {module.name}")
        a, b = weights[module.name]
        tasks = a.shape[0] if tasks is None else tasks
        want_a = (tasks, target.layers, target.rank, module.in_features)
        want_b = (tasks, target.layers, module.out_features, target.rank)
        if tuple(a.shape) != want_a or tuple(b.shape) != want_b:
            raise ValueError(
                f"{module.name}: A must be {want_a} and B {want_b}, "
                f"got {tuple(a.shape)} and {tuple(b.shape)}"
            )
