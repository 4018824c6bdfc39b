"""Opens what a run computes with, from its configuration: base model, target, template, device."""

import hashlib
import json
from dataclasses import replace
from pathlib import Path

from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from t2l.base.device import Device, pick_device
from t2l.base.model import BaseModel
from t2l.base.source import BaseSource
from t2l.base.target import TargetSpec
from t2l.config.recipe import Config
from t2l.encoders.corpus import Corpus
from t2l.encoders.open import open_encoder
from t2l.template.arrow import ArrowTemplate
from t2l.template.chat import ChatTemplate
from t2l.template.template import Template
from t2l.train.trainer import Identity

BASE = Path("base") / "final"  # where a run keeps the base model that it trains


def base_source(config: Config) -> BaseSource:
    """Where the run's base model comes from."""
    base = config.base
    if base.kind == "mini":
        return BaseSource("mini", str(config.run_dir / BASE), id=base.id)
    return BaseSource(
        kind=base.kind,
        where=base.where,
        revision=base.revision,
        id=base.id,
        license=base.license,
        dtype=base.dtype,
        attention=base.attention,
    )


def open_base(config: Config) -> BaseModel:
    """The run's frozen base model.

    :raises ConfigError: if it cannot be used.
    :raises FileNotFoundError: if it is t2l-mini's and not trained yet.
    """
    return BaseModel.open(base_source(config))


def open_base_for_sft(config: Config) -> BaseModel:
    """The same as the hypernetwork is trained through it, perhaps in 4 bits.

    :raises ConfigError: if it cannot be used.
    :raises FileNotFoundError: if it is t2l-mini's and not trained yet.
    """
    source = replace(base_source(config), quantization=config.sft.base_quantization)
    return BaseModel.open(source)


def target_of(config: Config, base: BaseModel) -> TargetSpec:
    """What the run's adapters are for.

    :raises TargetError: for modules or a rank that the base model has no room for, or a family of
        which nobody knows the feedforward modules.
    """
    target = config.target
    return base.target(
        target.modules,
        target.rank,
        target.alpha,
        target.use_rslora,
        target.output,
        target.feedforward,
    )


def open_template(config: Config, base: BaseModel) -> Template:
    """How the run's examples become tokens.

    :raises TemplateError: if the base model's chat template cannot be used.
    """
    return template_for(config, base.tokenizer)


def template_for(config: Config, tokenizer: PreTrainedTokenizerBase) -> Template:
    """How the run's examples become tokens of a tokenizer.

    :raises TemplateError: if its chat template cannot be used.
    """
    if config.template.kind == "arrow":
        return ArrowTemplate()
    return ChatTemplate(tokenizer, config.template.system)


def device_of(config: Config) -> Device:
    """Where the run computes, in the precision that it asks for."""
    device = pick_device()
    if config.trainer.precision == "auto":
        return device
    return replace(device, bfloat16=config.trainer.precision == "bfloat16")


def identity_of(config: Config, base: BaseModel, template: Template, corpus: Corpus) -> Identity:
    """What a run is beside its recipe: with another base model, template, encoder or other texts
    it is another run."""
    said = [
        [task.name, *texts] for task, texts in zip(corpus.tasks, corpus.descriptions, strict=True)
    ]
    files = getattr(open_encoder(config), "digest", None)  # those without files have none
    return {
        "base_model": base.identity(),
        "template": template.describe(),
        "encoder": {"kind": config.encoder.kind, "files": files},
        "corpus": {"texts": hashlib.sha256(json.dumps(said).encode()).hexdigest()},
    }
