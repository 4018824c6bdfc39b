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
    :param alpha: training-time scale times the rank; export folds the scale into B.
    """

    modules: tuple[str, ...] = ("q_proj", "v_proj")
    rank: Count = 8
    alpha: Positive = 16.0
    use_rslora: bool = False

    def __post_init__(self) -> None:
        require_distinct("modules", self.modules)
        for name in self.modules:
            if not _NAME.match(name):
                raise ValueError(f"modules has {name!r}, which is no module's name: as q_proj is")


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
