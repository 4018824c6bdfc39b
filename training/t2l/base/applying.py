"""Adapters applied per task to a frozen transformers model, whatever their kind (`outputs/`).

The rows of a batch are grouped by task: the first n rows belong to task 0, the next n to task 1.
Nothing is repeated per token or per row, so a batch of many tasks costs about as much as one.
Outside the `with` block the model is as it was, also after an exception. A backward pass belongs
inside it: gradient checkpointing runs layers again then, and must find the same updates.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import cast

from torch import nn

from t2l.base.adapter_weights import AdapterWeights
from t2l.base.outputs import output_of
from t2l.base.target import TargetSpec
from t2l.base.typed import layers_at


@contextmanager
def apply_adapters(
    model: nn.Module,
    target: TargetSpec,
    weights: AdapterWeights,
    groups: int | None = None,
    dropout: float = 0.0,
) -> Iterator[None]:
    """Make every target module of `model` act as its task's adapter says while the block runs.

    :param model: a transformers causal language model with a list of layers.
    :param target: which modules are adapted, by which kind of adapter, at which scale.
    :param weights: the sides of every module of the target; gradients flow through them.
    :param groups: number of tasks the batch is made of, if it is to be checked against `weights`.
    :param dropout: share of a LoRA's inputs that it does not get.
    :raises ValueError: if the weights do not fit the target or the model.
    """
    layers = layers_at(model, target.layers_path)
    if len(layers) != target.layers:
        raise ValueError(f"the model has {len(layers)} layers, the target {target.layers}")
    _check_weights(target, weights, groups)

    output = output_of(target)
    handles = []
    try:
        for module in target.modules:
            sides = output.folded(weights[module.name], target.scaling)
            # unbound, not indexed: the gradient of an index is as large as all layers together
            each = zip(*(side.unbind(1) for side in sides), strict=True)
            for layer, own in zip(layers, each, strict=True):
                linear = cast(nn.Linear, layer.get_submodule(module.path))
                handles.append(output.attach(linear, module, own, dropout))
        yield
    finally:
        for handle in handles:
            handle.remove()


def strengthened(target: TargetSpec, weights: AdapterWeights, strength: float) -> AdapterWeights:
    """Adapters whose update of the base model is multiplied by a strength.

    :raises ValueError: for a kind of adapter that has no such strength.
    """
    output = output_of(target)
    return {name: output.strengthened(sides, strength) for name, sides in weights.items()}


def _check_weights(target: TargetSpec, weights: AdapterWeights, groups: int | None) -> None:
    tasks = groups
    for module in target.modules:
        if module.name not in weights:
            raise ValueError(f"weights lack the target module {module.name}")
        sides = weights[module.name]
        tasks = sides[0].shape[0] if tasks is None else tasks
        wanted = {side: (tasks, *shape) for side, shape in target.shapes(module).items()}
        found = [tuple(side.shape) for side in sides]
        if found != list(wanted.values()):
            needs = " and ".join(f"{side} {shape}" for side, shape in wanted.items())
            raise ValueError(
                f"{module.name}: {needs.replace(' ', ' must be ', 1)}, "
                f"got {' and '.join(map(str, found))}"
            )
