"""A frozen base model in 4 bits, for training through it where memory is short (QLoRA).

Every linear layer but the head lies as NF4 (Dettmers et al., 2023, section 3) with its scales
quantised again, and is a matrix of the base model's dtype only while it multiplies: 4.13 bits a
weight. Only the training of a hypernetwork reads a base model this way; what comes of it is
measured, exported and served for the model as published.
"""

from __future__ import annotations

from importlib.util import find_spec

import torch
from torch import nn
from transformers.modeling_utils import PreTrainedModel
from transformers.utils.quantization_config import BitsAndBytesConfig

from t2l.base.source import BaseModelError, Quantization

BLOCK = 64  # weights that share a scale of one byte
SCALES = 256  # of those that share a scale of their own, of four bytes
PACKS = "support_avx512bf16_for_cpu"  # bitsandbytes' name for whether a layer may be repacked


def require_quantizer(quantization: Quantization | None) -> None:
    """Refuse what cannot be quantised here, before anything else is done.

    :raises BaseModelError: if the package that does it is not installed.
    """
    if quantization is not None and find_spec("bitsandbytes") is None:
        raise BaseModelError(
            f"sft.base_quantization {quantization} needs bitsandbytes, which is not installed: "
            "pip install -e 'training[quantized]', or leave it out of a recipe of which nothing is "
            "trained yet"
        )


def quantizer(dtype: torch.dtype) -> BitsAndBytesConfig:
    """How transformers is to open a model in 4 bits.

    :param dtype: that layers compute in.
    """
    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


def keep_differentiable(model: PreTrainedModel) -> None:
    """Keep layers from being repacked for a product that has no gradient.

    On CPUs that multiply bfloat16, bitsandbytes does that at the first pass of a model in eval mode
    whose inputs need no gradient, for good, and whatever trains through it then gets none.
    """
    for layer in model.modules():
        if hasattr(layer, PACKS):
            setattr(layer, PACKS, False)


def quantized_bytes(model: PreTrainedModel) -> int:
    """Bytes of a model's weights once it is opened in 4 bits, from shapes alone."""
    head = model.get_output_embeddings()
    linear = {
        id(part.weight): _bytes(part.weight.numel())
        for part in model.modules()
        if isinstance(part, nn.Linear) and part is not head
    }
    return sum(linear.get(id(p), p.numel() * p.element_size()) for p in model.parameters())


def _bytes(weights: int) -> int:
    scales = -(-weights // BLOCK)
    return -(-weights // 2) + scales + 4 * -(-scales // SCALES)
