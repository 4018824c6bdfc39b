"""Shapes of the linear layers of a language model from its `config.json` alone, never its weights.

    q_proj            hidden -> heads * head_dim        o_proj      heads * head_dim -> hidden
    k_proj, v_proj    hidden -> kv_heads * head_dim     down_proj   intermediate -> hidden
    gate_proj, up_proj                                  hidden -> intermediate
    Phi-3: qkv_proj = q, k and v in one layer, gate_up_proj = gate and up in one layer

A config may leave out key/value heads (as many as heads) and head_dim (hidden / heads). Where
transformers would put a fixed number of its own in a gap instead, the key must be stated: a guess
here would be an adapter that does not fit.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from t2l.base.target import LAYERS_PATH, Attention, TargetError, TargetModule

CONFIG_FILE = "config.json"


@dataclass(frozen=True)
class Sizes:
    """The numbers of a config that decide the shapes, in features unless said.

    :param heads: number of query heads.
    :param kv_heads: number of key/value heads, a divisor of `heads`.
    """

    hidden: int
    intermediate: int
    heads: int
    kv_heads: int
    head_dim: int


def _separate(sizes: Sizes) -> tuple[TargetModule, ...]:
    queries, keys = sizes.heads * sizes.head_dim, sizes.kv_heads * sizes.head_dim
    return (
        TargetModule("q_proj", "self_attn.q_proj", sizes.hidden, queries),
        TargetModule("k_proj", "self_attn.k_proj", sizes.hidden, keys),
        TargetModule("v_proj", "self_attn.v_proj", sizes.hidden, keys),
        TargetModule("o_proj", "self_attn.o_proj", queries, sizes.hidden),
        TargetModule("gate_proj", "mlp.gate_proj", sizes.hidden, sizes.intermediate),
        TargetModule("up_proj", "mlp.up_proj", sizes.hidden, sizes.intermediate),
        TargetModule("down_proj", "mlp.down_proj", sizes.intermediate, sizes.hidden),
    )


def _fused(sizes: Sizes) -> tuple[TargetModule, ...]:
    queries, keys = sizes.heads * sizes.head_dim, sizes.kv_heads * sizes.head_dim
    return (
        TargetModule("qkv_proj", "self_attn.qkv_proj", sizes.hidden, queries + 2 * keys),
        TargetModule("o_proj", "self_attn.o_proj", queries, sizes.hidden),
        TargetModule("gate_up_proj", "mlp.gate_up_proj", sizes.hidden, 2 * sizes.intermediate),
        TargetModule("down_proj", "mlp.down_proj", sizes.intermediate, sizes.hidden),
    )


@dataclass(frozen=True)
class Family:
    """One `model_type`.

    :param modules: the linear layers of one transformer layer.
    :param stated: keys that a config must have (null will do), because transformers' default for
        them does not follow from the model's other sizes.
    """

    modules: Callable[[Sizes], tuple[TargetModule, ...]]
    stated: tuple[str, ...] = ()


def _phi(sizes: Sizes) -> tuple[TargetModule, ...]:
    queries, keys = sizes.heads * sizes.head_dim, sizes.kv_heads * sizes.head_dim
    return (
        TargetModule("q_proj", "self_attn.q_proj", sizes.hidden, queries),
        TargetModule("k_proj", "self_attn.k_proj", sizes.hidden, keys),
        TargetModule("v_proj", "self_attn.v_proj", sizes.hidden, keys),
        TargetModule("dense", "self_attn.dense", queries, sizes.hidden),
        TargetModule("fc1", "mlp.fc1", sizes.hidden, sizes.intermediate),
        TargetModule("fc2", "mlp.fc2", sizes.intermediate, sizes.hidden),
    )


FAMILIES: dict[str, Family] = {
    "llama": Family(_separate),
    "mistral": Family(_separate, ("num_key_value_heads",)),
    "gemma2": Family(_separate, ("num_key_value_heads", "head_dim")),
    "qwen2": Family(_separate, ("num_key_value_heads",)),
    "qwen3": Family(_separate, ("num_key_value_heads", "head_dim")),
    "phi3": Family(_fused),
    "gemma": Family(_separate, ("num_key_value_heads", "head_dim")),
    "gemma3_text": Family(_separate, ("num_key_value_heads", "head_dim")),
    "phi": Family(_phi),
    "cohere": Family(_separate),
    "cohere2": Family(_separate),
    "granite": Family(_separate),
    "olmo2": Family(_separate),
    "smollm3": Family(_separate, ("num_key_value_heads",)),
}


# The linear layers that PEFT's IA3 scales at their inputs, by `model_type`; a copy, because to
# import PEFT for a table takes seconds.
FEEDFORWARD: dict[str, str] = {
    **dict.fromkeys(("gemma", "gemma2", "gemma3_text", "llama", "llama4"), "down_proj"),
    **dict.fromkeys(("mistral", "qwen2", "qwen3"), "down_proj"),
    **dict.fromkeys(("bloom", "falcon", "gpt_neox"), "dense_4h_to_h"),
    "mixtral": "w2",
    "gptj": "fc_out",
    "opt": "fc2",
    "phi": "fc2",
}


def feedforward_modules(architecture: str, names: Sequence[str]) -> tuple[str, ...]:
    """Which of some modules are feedforward ones, as PEFT sees it.

    :raises TargetError: for a family that PEFT has no IA3 defaults for.
    """
    if architecture not in FEEDFORWARD:
        raise TargetError(
            f"PEFT does not say which modules of a {architecture} model are feedforward ones: "
            "name them with target.feedforward, [] for none"
        )
    return tuple(name for name in names if name == FEEDFORWARD[architecture])


@dataclass(frozen=True)
class ModelShape:
    """What a config says of a model.

    :param architecture: its `model_type`.
    :param layers: number of transformer layers.
    :param attention: its heads.
    :param modules: every linear layer of one transformer layer.
    :param layers_path: where the list of transformer layers lies.
    """

    architecture: str
    layers: int
    attention: Attention | None
    modules: tuple[TargetModule, ...]
    layers_path: str = LAYERS_PATH

    def choose(
        self, names: Sequence[str], rank: int, keys: tuple[str, str] = ("--modules", "--rank")
    ) -> tuple[TargetModule, ...]:
        """The named modules, in the order of the names.

        :param rank: LoRA rank that the modules must have room for.
        :param keys: what the caller's user set the names and the rank with, for messages.
        :raises TargetError: for no, an unknown or a repeated name, or a rank that does not fit.
        """
        known = {module.name: module for module in self.modules}
        for_modules, for_rank = keys
        has = ", ".join(known)
        if not names:
            raise TargetError(f"no modules chosen: name some with {for_modules}, of {has}")
        for index, name in enumerate(names):
            if name not in known:
                raise TargetError(
                    f"{self.architecture} has no module {name!r}: "
                    f"choose with {for_modules} from {has}"
                )
            if name in names[:index]:
                raise TargetError(f"module {name} is named twice: name it once in {for_modules}")
        if rank < 1:
            raise TargetError(f"rank must be at least 1, got {rank}: change {for_rank}")
        for name in names:
            room = min(known[name].in_features, known[name].out_features)
            if rank > room:
                raise TargetError(
                    f"rank {rank} is larger than the smaller side of {name}, which is {room}: "
                    f"lower {for_rank} or leave {name} out of {for_modules}"
                )
        return tuple(known[name] for name in names)


def read_config(path: Path) -> dict[str, Any]:
    """Read a model's config.

    :raises TargetError: if the file is missing or is not a JSON object, naming it.
    """
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise TargetError(f"{path} does not exist: a model's {CONFIG_FILE} is needed") from None
    except OSError as error:
        raise TargetError(f"{path} cannot be read: {error.strerror}") from None
    except (ValueError, RecursionError) as error:
        raise TargetError(f"{path} is not JSON in UTF-8: {error}") from None
    if not isinstance(config, dict):
        raise TargetError(f"{path} must hold a JSON object, as a model's {CONFIG_FILE} does")
    return config


def model_shape(config: Mapping[str, Any], source: Path) -> ModelShape:
    """The shape of the model that a config describes.

    :param config: what `read_config` gives.
    :param source: the config's file, for messages.
    :raises TargetError: for an unknown family, or a missing or impossible size; it names the file
        and the key.
    """
    known = ", ".join(FAMILIES)
    if "model_type" not in config:
        raise TargetError(f"{source} lacks model_type: it must be one of {known}")
    model_type = config["model_type"]
    if not isinstance(model_type, str) or model_type not in FAMILIES:
        raise TargetError(f"{source}: model_type {model_type!r} is unknown: known are {known}")
    family = FAMILIES[model_type]
    for key in family.stated:
        if key not in config:
            raise TargetError(
                f"{source} lacks {key}: a {model_type} model's size does not follow without it"
            )
    layers = _size(config, "num_hidden_layers", source)
    sizes = _sizes(config, source)
    attention = Attention(sizes.heads, sizes.kv_heads, sizes.head_dim)
    return ModelShape(model_type, layers, attention, family.modules(sizes))


def _sizes(config: Mapping[str, Any], source: Path) -> Sizes:
    hidden = _size(config, "hidden_size", source)
    intermediate = _size(config, "intermediate_size", source)
    heads = _size(config, "num_attention_heads", source)
    kv_heads = heads
    if config.get("num_key_value_heads") is not None:
        kv_heads = _size(config, "num_key_value_heads", source)
    if heads % kv_heads:
        raise TargetError(
            f"{source}: num_key_value_heads {kv_heads} must divide num_attention_heads {heads}"
        )
    if config.get("head_dim") is not None:
        head_dim = _size(config, "head_dim", source)
    elif hidden % heads:
        raise TargetError(
            f"{source} lacks head_dim, which is needed where hidden_size {hidden} "
            f"is not a multiple of num_attention_heads {heads}"
        )
    else:
        head_dim = hidden // heads
    return Sizes(hidden, intermediate, heads, kv_heads, head_dim)


def _size(config: Mapping[str, Any], key: str, source: Path) -> int:
    if key not in config:
        raise TargetError(f"{source} lacks {key}")
    value = config[key]
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise TargetError(
            f"{source}: {key} must be a whole number of at least 1, got {json.dumps(value)}"
        )
    return value
