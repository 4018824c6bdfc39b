"""A base model without its weights: enough to count with, whatever its size.

t2l-mini's is drawn untrained, which counts and runs like the trained one; of any other the config
is read and the model is built of tensors that hold nothing.
"""

from __future__ import annotations

import torch
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.auto.modeling_auto import AutoModelForCausalLM
from transformers.models.auto.tokenization_auto import AutoTokenizer

from t2l.base.families import CONFIG_FILE, FAMILIES, model_shape
from t2l.base.layers import read_shape
from t2l.base.loading import DTYPES
from t2l.base.locating import MINI, locate
from t2l.base.model import BaseModel, tokenizer_digest
from t2l.base.source import BaseModelError, BaseSource
from t2l.base.target import BaseModelRecord
from t2l.config.recipe import BaseModelConfig, Config
from t2l.evaluate.opening import base_source
from t2l.mini.base_model import build_model
from t2l.template.characters import build_tokenizer

UNTRAINED = "0" * 40  # the revision of weights that nobody has trained


def outline(config: Config) -> BaseModel:
    """The run's base model without its weights.

    :raises ConfigError: if it cannot be used.
    """
    source = base_source(config)
    return _mini(config.base, source) if config.base.kind == "mini" else _pretrained(source)


def _mini(config: BaseModelConfig, source: BaseSource) -> BaseModel:
    model = build_model(config).eval().requires_grad_(False)
    tokenizer = build_tokenizer()
    shape = read_shape(model)
    return BaseModel(
        model=model,
        tokenizer=tokenizer,
        record=BaseModelRecord(config.id, UNTRAINED, shape.architecture, MINI.license or ""),
        layers_path=shape.layers_path,
        shape=shape,
        source=source,
        weights=UNTRAINED,
        tokens=tokenizer_digest(tokenizer),
    )


def _pretrained(source: BaseSource) -> BaseModel:
    found = locate(source)
    try:
        values = AutoConfig.from_pretrained(found.folder, local_files_only=True)
        tokenizer = AutoTokenizer.from_pretrained(found.folder, local_files_only=True)
        with torch.device("meta"):
            model = AutoModelForCausalLM.from_config(values, dtype=DTYPES[source.dtype])
    except (ValueError, KeyError, OSError, TypeError) as error:
        raise BaseModelError(f"{found.folder}: {' '.join(str(error).split())[:300]}") from None
    if values.model_type in FAMILIES:
        shape = model_shape(values.to_dict(), found.folder / CONFIG_FILE)
    else:
        shape = read_shape(model)
    return BaseModel(
        model=model,
        tokenizer=tokenizer,
        record=found.record(source),
        layers_path=shape.layers_path,
        shape=shape,
        source=source,
        weights=found.weights,
        tokens=tokenizer_digest(tokenizer),
    )
