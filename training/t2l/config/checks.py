"""What must hold between the parts of a recipe: one rule a function, each gives one sentence.

A rule names the key that is wrong and what would be right. Whatever needs the base model itself,
such as a rank against the widths of a model on disk, is checked when that is opened, before any
work starts.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from t2l.config.hypernetwork import MINI_MODULES

if TYPE_CHECKING:
    from t2l.config.config import Config


def problem_of(config: Config) -> str | None:
    """The first rule that a configuration breaks, as a sentence; None if it keeps all."""
    for rule in RULES:
        problem = rule(config)
        if problem is not None:
            return problem
    return None


def _modules_of_mini(config: Config) -> str | None:
    if config.base.kind != "mini":
        return None
    for index, name in enumerate(config.target.modules):
        if name not in MINI_MODULES:
            known = ", ".join(MINI_MODULES)
            return f"target.modules.{index}: there is no {name!r} in the base model; name {known}"
    return None


def _rank_of_mini(config: Config) -> str | None:
    if config.base.kind != "mini":
        return None
    rank = config.target.rank
    for name in config.target.modules:
        width = config.base.width(name)
        if rank > width:
            return (
                f"target.rank {rank} is larger than the smaller side of {name}, which is {width}; "
                "make it at most that"
            )
    return None


def _tasks_for_base(config: Config) -> str | None:
    if config.base.kind == "mini" and config.tasks.source != "procedural":
        return (
            f"tasks.source {config.tasks.source} needs a base model that reads words; set "
            "base.kind to folder, hub or gguf"
        )
    return None


def _template_for_base(config: Config) -> str | None:
    mini, arrow = config.base.kind == "mini", config.template.kind == "arrow"
    if mini and not arrow:
        return "template.kind chat needs a base model with a chat template; set it to arrow"
    if arrow and not mini:
        return (
            f"template.kind arrow is for t2l-mini's characters; set it to chat for base.kind "
            f"{config.base.kind}"
        )
    return None


def _encoder_for_base(config: Config) -> str | None:
    kind = config.encoder.kind
    if kind == "base_last_token" and config.base.kind != "mini":
        return f"encoder.kind {kind} reads with t2l-mini's base model; set it to tuned or minilm"
    if kind == "bag_of_words" and config.tasks.source != "procedural":
        return f"encoder.kind {kind} counts the procedural tasks' words; set it to tuned or minilm"
    return None


def _teacher(config: Config) -> str | None:
    if config.sft.distill == 0:
        return None
    teacher = config.sft.teacher
    if teacher == "codes" and config.tasks.source != "procedural":
        return (
            "sft.teacher codes is for procedural tasks, which have them; set it to demonstrations, "
            "description or both, or sft.distill to 0"
        )
    if teacher != "codes" and config.base.kind == "mini":
        return f"sft.teacher {teacher} needs a base model that can be told; set it to codes"
    return None


def _shape_for_output(config: Config) -> str | None:
    output, network = config.target.output, config.hypernetwork
    if output == "lora":
        return None
    if not network.per_layer_bias or network.bounded or network.modulation != "none":
        return (
            f"target.output {output} starts at offsets per layer; set hypernetwork.per_layer_bias "
            "to true, hypernetwork.bounded to false and hypernetwork.modulation to none"
        )
    if config.sft.warm_start:
        return (
            f"sft.warm_start begins with copies of LoRAs, which no {output} is; set it to false or "
            "target.output to lora"
        )
    return None


def _phrasings(config: Config) -> str | None:
    wanted = config.sft.whitening is not None and config.sft.whiten_within
    if wanted and config.tasks.descriptions < 2:
        return (
            "sft.whiten_within compares phrasings of a task; make tasks.descriptions at least 2 or "
            "set sft.whiten_within to false"
        )
    return None


def _of_lora_only(config: Config) -> str | None:
    if config.target.output == "lora":
        return None
    for name in ("lora_dropout", "output_decay"):
        value = getattr(config.sft, name)
        if value > 0:
            return (
                f"sft.{name} {value:g} is for LoRAs, and target.output is {config.target.output}; "
                "set it to 0"
            )
    return None


def _quantization(config: Config) -> str | None:
    kind = config.sft.base_quantization
    if kind is None:
        return None
    if config.base.kind == "mini":
        return (
            f"sft.base_quantization {kind} saves nothing of t2l-mini's base model, a few megabytes "
            "in all; set it to null"
        )
    if config.base.dtype == "float16":
        return (
            "base.dtype float16 cannot be trained through with sft.base_quantization "
            f"{kind}, whose products are in bfloat16 or float32; set it to one of these"
        )
    if config.target.output == "dora":
        return (
            "target.output dora starts at the norms of the base model's rows, which "
            f"sft.base_quantization {kind} changes; set it to null"
        )
    return None


RULES: tuple[Callable[[Config], str | None], ...] = (
    _tasks_for_base,
    _template_for_base,
    _modules_of_mini,
    _rank_of_mini,
    _shape_for_output,
    _of_lora_only,
    _quantization,
    _encoder_for_base,
    _teacher,
    _phrasings,
)
