"""What adapters are for, and the network that writes them."""

from __future__ import annotations

import re
from typing import Literal

from pydantic.dataclasses import dataclass

from t2l.config.fields import STRICT, Count, Fraction, Positive, require_distinct

_NAME = re.compile(r"^[a-z][a-z0-9_]*$")
MINI_MODULES = ("q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj")


@dataclass(frozen=True, config=STRICT)
class TargetConfig:
    """What the adapters are for.

    :param modules: linear layers of a transformer layer that get an update, in order.
    :param rank: of LoRA and DoRA; 1 for IA3, which has none.
    :param alpha: training-time scale times the rank; export folds the scale into B.
    :param output: kind of adapter: a LoRA, a DoRA (with magnitudes of rows), or IA3's factors.
    :param feedforward: of IA3, the modules that are scaled at their inputs instead of their
        outputs; by default those that PEFT takes for the base model's family.
    """

    modules: tuple[str, ...] = ("q_proj", "v_proj")
    rank: Count = 8
    alpha: Positive = 16.0
    use_rslora: bool = False
    output: Literal["lora", "dora", "ia3"] = "lora"
    feedforward: tuple[str, ...] | None = None

    def __post_init__(self) -> None:
        require_distinct("modules", self.modules)
        for name in self.modules:
            if not _NAME.match(name):
                raise ValueError(f"modules has {name!r}, which is no module's name: as q_proj is")
        if self.output == "ia3" and self.rank != 1:
            raise ValueError(f"rank {self.rank} must be 1 for output ia3, which has no ranks")
        if self.output == "ia3" and self.use_rslora:
            raise ValueError("use_rslora is for LoRAs, and IA3 has no rank: leave it out")
        if self.feedforward is None:
            return
        if self.output != "ia3":
            raise ValueError(f"feedforward is for output ia3, not for {self.output}: leave it out")
        require_distinct("feedforward", self.feedforward)
        for name in self.feedforward:
            if name not in self.modules:
                raise ValueError(f"feedforward has {name!r}, which is none of modules")


@dataclass(frozen=True, config=STRICT)
class HypernetworkOptions:
    """Shape of the hypernetwork; the meaning of each is in `hypernet/config.py`."""

    variant: Literal["L", "M", "S"] = "S"
    latent: Count = 128
    head_in: Count = 512
    dropout: Fraction = 0.05
    static_bias: bool = False
    per_layer_bias: bool = True
    head_init: Literal["zero", "normal"] = "zero"
    modulation: Literal["none", "diagonal"] = "none"
    bounded: bool = False
    half_offsets: bool = False

    def __post_init__(self) -> None:
        if self.latent % 4:
            raise ValueError(
                f"latent {self.latent} must be a multiple of 4: task, depth and module share it as "
                "1/2, 1/4 and 1/4"
            )
        if self.modulation != "none" and (self.variant != "L" or not self.per_layer_bias):
            raise ValueError(
                f"modulation {self.modulation} needs variant L and per_layer_bias true; set them "
                f"so, or modulation to none (variant is {self.variant})"
            )
        if self.static_bias and self.per_layer_bias:
            raise ValueError(
                "static_bias already has offsets per layer; set per_layer_bias to false"
            )
        if self.static_bias and self.head_init == "zero":
            raise ValueError("static_bias needs head_init normal, or its gate can never open")
        if self.half_offsets and not (self.per_layer_bias or self.static_bias):
            raise ValueError(
                "half_offsets rounds offsets per layer, and there are none; set per_layer_bias or "
                "static_bias to true, or half_offsets to false"
            )
