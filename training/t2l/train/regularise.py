"""What keeps a hypernetwork from learning its training tasks by heart, all of it off by default.

    smoothing      part of every label is shared out among all tokens (Szegedy et al., 2016)
    neftune        uniform noise on the base model's input embeddings (Jain et al., 2023)
    lora_dropout   inputs of LoRAs, before A, as PEFT drops them
    output_decay   generated weights are drawn to zero (Text-to-LoRA's `l2_reg_generated_w`)

Noise comes from torch's generator, which every step seeds, so a run that was cut goes on with the
same draws. Nothing of it happens while anything is measured.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor, nn
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_weights import AdapterWeights


@dataclass(frozen=True)
class Regularisers:
    """How much of each; 0 is none.

    :param smoothing: share of a label.
    :param neftune: alpha of the paper: noise is at most alpha / sqrt(tokens * width).
    :param lora_dropout: share of the inputs.
    :param output_decay: weight of the mean squares of A and of B, summed over modules.
    """

    smoothing: float = 0.0
    neftune: float = 0.0
    lora_dropout: float = 0.0
    output_decay: float = 0.0


NONE = Regularisers()


@contextmanager
def noisy_embeddings(model: PreTrainedModel, alpha: float) -> Iterator[None]:
    """Add noise to what the model reads while the block runs; none for 0.

    A sheet counts as one text, as a padded batch does in transformers' own hook.
    """
    if alpha == 0:
        yield
        return

    def hook(_module: nn.Module, _inputs: tuple[Any, ...], embedded: Tensor) -> Tensor:
        most = alpha / math.sqrt(embedded.size(1) * embedded.size(2))
        return embedded + torch.zeros_like(embedded).uniform_(-most, most)

    handle = model.get_input_embeddings().register_forward_hook(hook)
    try:
        yield
    finally:
        handle.remove()


def decay_of(weights: AdapterWeights, tasks: int, decay: float) -> tuple[float, AdapterWeights]:
    """The penalty on generated weights, and its gradients.

    :param weights: of this process's tasks.
    :param tasks: of the whole step.
    :param decay: the penalty's weight.
    :return: this process's share of the penalty, and a gradient for every side.
    """
    penalty = 0.0
    gradients = {}
    for name, sides in weights.items():
        scales = [decay / (tasks * side[0].numel()) for side in sides]
        for side, scale in zip(sides, scales, strict=True):
            penalty += scale * float(side.detach().square().sum())
        gradients[name] = tuple(
            2 * scale * side.detach() for side, scale in zip(sides, scales, strict=True)
        )
    return penalty, gradients
