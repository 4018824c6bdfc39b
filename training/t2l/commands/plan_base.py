"""A base model without its weights: enough to count with, whatever its size.

t2l-mini's is drawn untrained, which counts and runs like the trained one; of any other the config
is read and the model is built of tensors that hold nothing. Configs of some models of the hub are
in `configs/shapes` (their sizes, as published), so that those need no network; the tokenizer is
taken if it is in the hub's cache.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import torch
from huggingface_hub import try_to_load_from_cache
from transformers.configuration_utils import PreTrainedConfig
from transformers.modeling_utils import PreTrainedModel
from transformers.models.auto.configuration_auto import AutoConfig
from transformers.models.auto.modeling_auto import AutoModelForCausalLM
from transformers.models.auto.tokenization_auto import AutoTokenizer
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from t2l.base.families import CONFIG_FILE, FAMILIES, ModelShape, model_shape, read_config
from t2l.base.layers import read_shape
from t2l.base.loading import DTYPES
from t2l.base.locating import MINI, locate
from t2l.base.model import BaseModel, target_of_shape, tokenizer_digest
from t2l.base.source import BaseModelError, BaseSource
from t2l.base.target import BaseModelRecord, TargetSpec
from t2l.base.target_source import COMMIT
from t2l.config.recipe import BaseModelConfig, Config
from t2l.evaluate.opening import base_source
from t2l.mini.base_model import build_model
from t2l.template.characters import build_tokenizer

UNTRAINED = "0" * 40  # the revision of weights that nobody has trained
SHAPES = Path(__file__).parents[2] / "configs" / "shapes"
TOKENIZER_FILE = "tokenizer_config.json"


@dataclass(frozen=True, eq=False)
class Outline:
    """What can be counted with.

    :param model: its parameters may hold nothing.
    :param tokenizer: None if it is not on this machine.
    """

    model: PreTrainedModel
    record: BaseModelRecord
    shape: ModelShape
    tokenizer: PreTrainedTokenizerBase | None

    def target(self, config: Config) -> TargetSpec:
        """What the run's adapters are for.

        :raises TargetError: for modules or a rank that the base model has no room for.
        """
        want = config.target
        return target_of_shape(
            self.record,
            self.shape,
            want.modules,
            want.rank,
            want.alpha,
            want.use_rslora,
            want.output,
            want.feedforward,
        )


def outline(config: Config) -> Outline:
    """The run's base model without its weights.

    :raises ConfigError: if it cannot be used.
    """
    source = base_source(config)
    if config.base.kind == "mini":
        return outline_of(untrained(config.base, source))
    written = written_config(source)
    return outline_of(_pretrained(source)) if written is None else _described(source, written)


def outline_of(base: BaseModel) -> Outline:
    """What can be counted with of an opened base model."""
    return Outline(base.model, base.record, base.shape, base.tokenizer)


def written_config(source: BaseSource) -> Path | None:
    """The config in `configs/shapes` of a model of the hub; None if there is none."""
    if source.kind != "hub":
        return None
    for path in sorted(SHAPES.glob("*.json")):
        if read_config(path).get("_name_or_path") == source.where:
            return path
    return None


def _described(source: BaseSource, path: Path) -> Outline:
    """A model of the hub by its written config; nothing is fetched."""
    values = read_config(path)
    shape = model_shape(values, path)
    revision = source.revision or ""  # or a branch, of which nothing here knows the commit
    with torch.device("meta"):
        model = AutoModelForCausalLM.from_config(shape_config(path), dtype=DTYPES[source.dtype])
    record = BaseModelRecord(
        id=source.id or source.where,
        revision=revision if COMMIT.match(revision) else values["_commit_hash"],
        architecture=values["model_type"],
        license=source.license or values["license"],
    )
    return Outline(model, record, shape, _cached_tokenizer(source))


def shape_config(path: Path) -> PreTrainedConfig:
    """What a file of `configs/shapes` says, as transformers has it."""
    values = read_config(path)
    beside = ("model_type", "license")
    sizes = {k: v for k, v in values.items() if not k.startswith("_") and k not in beside}
    return AutoConfig.for_model(values["model_type"], **sizes)


def _cached_tokenizer(source: BaseSource) -> PreTrainedTokenizerBase | None:
    file = try_to_load_from_cache(source.where, TOKENIZER_FILE, revision=source.revision)
    if not isinstance(file, str):
        return None
    try:
        return AutoTokenizer.from_pretrained(Path(file).parent, local_files_only=True)
    except (ValueError, KeyError, OSError, TypeError):  # only some of its files are there
        return None


def untrained(config: BaseModelConfig, source: BaseSource) -> BaseModel:
    """t2l-mini's base model with the weights that it is drawn with."""
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
