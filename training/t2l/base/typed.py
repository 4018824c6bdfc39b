"""What is known of a model's parts beyond what the types of PyTorch and transformers tell.

A submodule is any module to PyTorch, and transformers types `to` and `generate` for other classes
than those that have them. What is assumed of a causal language model is assumed here alone.
"""

from __future__ import annotations

from typing import Protocol, TypeVar, cast

import torch
from torch import Tensor, nn
from transformers.modeling_utils import PreTrainedModel

M = TypeVar("M", bound=nn.Module)


class _Writer(Protocol):
    def generate(self, *inputs: Tensor, **options: object) -> Tensor: ...


def layers_at(model: nn.Module, path: str) -> nn.ModuleList:
    """The list of a model's layers.

    :raises AttributeError: if the model has nothing there.
    """
    return cast(nn.ModuleList, model.get_submodule(path))


def embedding_rows(model: PreTrainedModel) -> int:
    """How many tokens a model has embeddings for."""
    return cast(nn.Embedding, model.get_input_embeddings()).weight.shape[0]


def on_device(model: M, device: str) -> M:
    """The model itself, moved to a device."""
    return cast(M, cast(nn.Module, model).to(device))


def in_dtype(model: M, dtype: torch.dtype) -> M:
    """The model itself, its weights converted."""
    return cast(M, cast(nn.Module, model).to(dtype))


def generate(model: nn.Module, *inputs: Tensor, **options: object) -> Tensor:
    """What a causal language model writes after some tokens, with those, [rows, length]."""
    return cast(_Writer, model).generate(*inputs, **options)
