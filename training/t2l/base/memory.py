"""Gradient checkpointing of a frozen model: activations are computed twice instead of kept."""

from transformers.modeling_layers import GradientCheckpointingLayer
from transformers.modeling_utils import PreTrainedModel


def recompute_activations(model: PreTrainedModel) -> None:
    """Keep only what enters each layer; the backward pass computes the rest again.

    transformers does this in training mode alone. Only the layers' own flag is set to it, not that
    of what is inside them, so dropout stays off. Gradients are exact as long as the backward pass
    runs where the forward pass did, inside `apply_adapters`.

    :raises ValueError: if the model's layers cannot do it.
    """
    model.gradient_checkpointing_enable({"use_reentrant": False})
    layers = [part for part in model.modules() if isinstance(part, GradientCheckpointingLayer)]
    if not layers:
        raise ValueError(f"{type(model).__name__} has no layers that can be computed again")
    for layer in layers:
        layer.training = True
