"""A base model, opened: frozen weights, tokenizer, and what adapters for it have to know.

    BaseModel.open(source) -> .model .tokenizer .record .shape   .target(modules, rank, alpha)

Any causal language model of transformers will do. The shapes come from its config where the family
is known (`families.py`), and off the loaded model otherwise (`layers.py`); either way they are
those of the model, or it is refused.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from transformers.modeling_utils import PreTrainedModel
from transformers.tokenization_utils_base import PreTrainedTokenizerBase

from t2l.base.families import CONFIG_FILE, FAMILIES, ModelShape, feedforward_modules, model_shape
from t2l.base.layers import check_shape, read_shape
from t2l.base.loading import load_frozen
from t2l.base.locating import locate
from t2l.base.source import BaseSource
from t2l.base.target import BaseModelRecord, OutputKind, TargetSpec

KEYS = ("target.modules", "target.rank")  # of the configuration


@dataclass(frozen=True, eq=False)
class BaseModel:
    """The frozen language model that adapters are for.

    :param model: in eval mode, without gradients.
    :param record: what adapters say of it.
    :param layers_path: where in the model its list of transformer layers lies.
    :param shape: its linear layers and heads.
    :param source: how it was opened.
    :param weights: hex digest of its weights, whatever revision they are given.
    :param tokens: sha256 of its tokenizer.
    """

    model: PreTrainedModel
    tokenizer: PreTrainedTokenizerBase
    record: BaseModelRecord
    layers_path: str
    shape: ModelShape
    source: BaseSource
    weights: str
    tokens: str

    @classmethod
    def open(cls, source: BaseSource) -> BaseModel:
        """Open a base model, fetching or converting it if need be.

        :raises ConfigError: if it cannot be used, saying why and what would be right.
        :raises FileNotFoundError: for t2l-mini's, if it is not trained yet.
        """
        found = locate(source)
        record = found.record(source)
        model, tokenizer = load_frozen(found.folder, source)
        if record.architecture in FAMILIES:
            shape = model_shape(model.config.to_dict(), found.folder / CONFIG_FILE)
            check_shape(shape, model)
        else:
            shape = read_shape(model)
        return cls(
            model=model,
            tokenizer=tokenizer,
            record=record,
            layers_path=shape.layers_path,
            shape=shape,
            source=source,
            weights=found.weights,
            tokens=tokenizer_digest(tokenizer),
        )

    def target(
        self,
        modules: Sequence[str],
        rank: int,
        alpha: float,
        use_rslora: bool = False,
        output: OutputKind = "lora",
        feedforward: Sequence[str] | None = None,
    ) -> TargetSpec:
        """The target of adapters for some of its modules, in the order of the names.

        :param feedforward: of IA3, modules that are scaled at their inputs; PEFT's by default.
        :raises TargetError: for a module that it does not have, or a rank that does not fit.
        """
        return target_of_shape(
            self.record, self.shape, modules, rank, alpha, use_rslora, output, feedforward
        )

    def identity(self) -> dict[str, Any]:
        """What a run is tied to, as JSON values; other weights or tokens make another run."""
        return {
            "id": self.record.id,
            "revision": self.record.revision,
            "weights": self.weights,
            "tokenizer": self.tokens,
        }


def target_of_shape(
    record: BaseModelRecord,
    shape: ModelShape,
    modules: Sequence[str],
    rank: int,
    alpha: float,
    use_rslora: bool,
    output: OutputKind = "lora",
    feedforward: Sequence[str] | None = None,
) -> TargetSpec:
    """The target of adapters for some modules of a shape, in the order of the names.

    :param feedforward: of IA3, modules that are scaled at their inputs; PEFT's by default.
    :raises TargetError: for a module that it does not have, a rank that does not fit, or a family
        of which PEFT does not say the feedforward modules.
    """
    chosen = shape.choose(modules, rank, KEYS)
    if output == "ia3":
        if feedforward is None:
            feedforward = feedforward_modules(record.architecture, modules)
        chosen = tuple(replace(module, feedforward=module.name in feedforward) for module in chosen)
    return TargetSpec(
        base_model=record,
        layers=shape.layers,
        modules=chosen,
        rank=rank,
        alpha=alpha,
        use_rslora=use_rslora,
        attention=shape.attention,
        layers_path=shape.layers_path,
        output=output,
    )


def tokenizer_digest(tokenizer: PreTrainedTokenizerBase) -> str:
    """The sha256 of what decides a tokenizer's tokens, whichever version wrote its files."""
    backend = getattr(tokenizer, "backend_tokenizer", None)
    facts = {
        "tokens": backend.to_str() if backend is not None else tokenizer.get_vocab(),
        "special": {name: str(token) for name, token in tokenizer.special_tokens_map.items()},
    }
    return hashlib.sha256(json.dumps(facts, sort_keys=True).encode()).hexdigest()
