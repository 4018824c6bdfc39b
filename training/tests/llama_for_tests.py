"""A tiny random Llama: two layers of width 16, of four query heads and two of keys and values."""

from __future__ import annotations

from typing import Any

import torch
from transformers.models.llama.configuration_llama import LlamaConfig
from transformers.models.llama.modeling_llama import LlamaForCausalLM


def tiny_llama(**changes: Any) -> LlamaForCausalLM:
    """The same weights at every call.

    :param changes: what its config has otherwise.
    """
    torch.manual_seed(0)
    config: dict[str, Any] = {
        "vocab_size": 20,
        "hidden_size": 16,
        "intermediate_size": 24,
        "num_hidden_layers": 2,
        "num_attention_heads": 4,
        "num_key_value_heads": 2,
    }
    return LlamaForCausalLM(LlamaConfig(**config | changes)).eval()
