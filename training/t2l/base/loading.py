"""Opens a model folder in transformers' layout, frozen, and refuses what cannot be trained through.

transformers warns where a weight is missing and goes on with a random one; here that, like every
other misfit, is an error before anything is trained.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, cast

import torch
from transformers.configuration_utils import PreTrainedConfig
from transformers.modeling_utils import PreTrainedModel
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING, AutoModelForCausalLM
from transformers.models.auto.tokenization_auto import AutoTokenizer
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from t2l.base.families import CONFIG_FILE, read_config
from t2l.base.quantized import keep_differentiable, quantizer, require_quantizer
from t2l.base.source import AttentionKind, BaseModelError, BaseSource, Dtype
from t2l.base.typed import embedding_rows

DTYPES: dict[Dtype, torch.dtype] = {
    "float32": torch.float32,
    "bfloat16": torch.bfloat16,
    "float16": torch.float16,
}


def load_frozen(
    folder: Path, source: BaseSource
) -> tuple[PreTrainedModel, PreTrainedTokenizerBase]:
    """The model of a folder, in eval mode and without gradients, and its tokenizer.

    :raises BaseModelError: if either cannot be used.
    """
    config = _usable_config(folder)
    tokenizer = _load_tokenizer(folder)
    model = _load_model(folder, config, source)
    rows = embedding_rows(model)
    largest = max(tokenizer.get_vocab().values(), default=-1)
    if largest >= rows:
        raise BaseModelError(
            f"{folder}: its tokenizer has {largest + 1} tokens, its model embeddings for {rows}: "
            "give the tokenizer that the model was trained with"
        )
    return model.eval().requires_grad_(False), tokenizer


def _usable_config(folder: Path) -> PreTrainedConfig:
    values = read_config(folder / CONFIG_FILE)
    if "model_type" not in values:
        raise BaseModelError(f"{folder / CONFIG_FILE} lacks model_type: it is no model's config")
    try:
        config = AutoConfig.from_pretrained(folder, local_files_only=True)
    except (ValueError, KeyError, OSError, TypeError) as error:
        raise BaseModelError(
            f"{folder / CONFIG_FILE}: transformers cannot read it ({_short(error)})"
        ) from None
    kind = config.model_type
    if config.is_encoder_decoder:
        raise BaseModelError(
            f"{folder} is a {kind} model, which encodes and decodes: a base model must be a causal "
            "language model, that goes on with a text"
        )
    if type(config) not in MODEL_FOR_CAUSAL_LM_MAPPING:
        raise BaseModelError(
            f"{folder} is a {kind} model, for which transformers has no causal language model"
        )
    if values.get("quantization_config"):
        method = values["quantization_config"].get("quant_method", "an unknown method")
        raise BaseModelError(
            f"{folder} has weights quantised by {method}, which training cannot go through: give "
            "the model before quantisation (or its GGUF file, with kind gguf)"
        )
    return config


def _load_model(folder: Path, config: PreTrainedConfig, source: BaseSource) -> PreTrainedModel:
    if not any(folder.glob("*.safetensors")):
        raise BaseModelError(
            f"{folder} has no *.safetensors file: finish or convert the model first "
            "(pickled weights are not read)"
        )
    require_quantizer(source.quantization)
    options: dict[str, Any] = {}
    attention = _attention(config, source.attention, folder)
    if attention != "auto":
        options["attn_implementation"] = attention
    if source.quantization is not None:
        options["quantization_config"] = quantizer(DTYPES[source.dtype])
    try:
        loaded = AutoModelForCausalLM.from_pretrained(
            folder,
            config=config,
            dtype=DTYPES[source.dtype],
            use_safetensors=True,
            local_files_only=True,
            output_loading_info=True,
            **options,
        )
    except (ValueError, ImportError, OSError, RuntimeError, KeyError) as error:
        raise BaseModelError(f"{folder} cannot be opened: {_short(error)}") from None
    # a pair, because of output_loading_info; the stub knows the model alone
    model, report = cast(tuple[PreTrainedModel, dict[str, Any]], loaded)
    missing = sorted(report["missing_keys"])
    if missing:
        raise BaseModelError(
            f"{folder} lacks {len(missing)} of its weights, such as {missing[0]}: "
            "its files are not all there, or belong to another config"
        )
    if source.quantization is not None:
        keep_differentiable(model)
    return model


def _attention(config: PreTrainedConfig, asked: AttentionKind, folder: Path) -> AttentionKind:
    """The implementation to ask for; only `eager` caps attention's logits, as Gemma 2 does."""
    if not getattr(config.get_text_config(), "attn_logit_softcapping", None):
        return asked
    if asked == "sdpa":
        raise BaseModelError(
            f"{folder} caps the logits of its attention, which sdpa leaves out: "
            "set base.attention to eager"
        )
    return "eager" if asked == "auto" else asked


def _load_tokenizer(folder: Path) -> PreTrainedTokenizerBase:
    try:
        tokenizer = AutoTokenizer.from_pretrained(folder, local_files_only=True)
    except (ValueError, OSError, KeyError, TypeError, ImportError, AttributeError) as error:
        raise BaseModelError(
            f"{folder} has no tokenizer that transformers can open ({_short(error)})"
        ) from None
    if not tokenizer.get_vocab():
        raise BaseModelError(f"{folder} has a tokenizer without tokens: its files are missing")
    return tokenizer


def _short(error: Exception) -> str:
    return " ".join(str(error).split())[:300]
