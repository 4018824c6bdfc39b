"""The shape of a hypernetwork, and which shapes there cannot be."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from t2l.base.target import TargetSpec
from t2l.hypernet.task_encoders import TASK_ENCODERS, TaskEncoderKind

Variant = Literal["L", "M", "S"]


@dataclass(frozen=True)
class HypernetworkConfig:
    """Shape of a hypernetwork; the target spec gives the rest.

    :param variant: L (one head makes A and B), M (A/B embedding), S (also one rank at a time).
    :param embedding_dim: length of the encoder's vector.
    :param latent: width of the body; task, depth and module get 1/2, 1/4 and 1/4 of it.
    :param head_in: width of the heads' input.
    :param dropout: used in the body while training.
    :param input_scale: factor on the embedding, sqrt(embedding_dim) if None.
    :param per_layer_bias: learned offsets per layer and module instead of one bias per head.
    :param static_bias: as per_layer_bias, with a gate per module before the generated B.
    :param half_offsets: whether these offsets are rounded with the matrices when training ends
        (`Hypernetwork.round_matrices`), so that graphs keep them in half the bytes: B's, which have
        the LoRA scale in them, only if that is a power of two.
    :param modulation: "diagonal": only that is generated, between an A and a B of all tasks.
    :param bounded: whether generated values are bounded, at a learned scale.
    :param per_layer_gain: a factor for every generated value, before the offsets.
    :param task_encoder: how the embedding is read, a kind of `hypernet/task_encoders.py`.
    :param position: how S tells ranks apart.
    :param head_init: "zero", or "normal", which static_bias needs: behind a closed gate a zero
        head would never get a gradient.
    """

    variant: Variant
    embedding_dim: int
    latent: int = 128
    head_in: int = 512
    dropout: float = 0.05
    input_scale: float | None = None
    per_layer_bias: bool = False
    static_bias: bool = False
    head_init: Literal["zero", "normal"] = "zero"
    modulation: Literal["none", "diagonal"] = "none"
    bounded: bool = False
    per_layer_gain: bool = False
    task_encoder: TaskEncoderKind = "linear"
    position: Literal["learned", "rotary"] = "learned"
    half_offsets: bool = False

    def __post_init__(self) -> None:
        if self.variant not in ("L", "M", "S"):
            raise ValueError(f"variant must be L, M or S, got {self.variant!r}")
        if self.task_encoder not in TASK_ENCODERS:
            raise ValueError(
                f"task_encoder must be one of {', '.join(TASK_ENCODERS)}, got {self.task_encoder!r}"
            )
        if self.position not in ("learned", "rotary"):
            raise ValueError(f"position must be learned or rotary, got {self.position!r}")
        if self.per_layer_gain and not self.per_layer_bias:
            raise ValueError("per_layer_gain needs per_layer_bias, the mean that belongs to it")
        if self.latent < 4 or self.latent % 4:
            raise ValueError(f"latent must be a positive multiple of 4, got {self.latent}")
        if not 0 <= self.dropout < 1:
            raise ValueError(f"dropout must be from 0 to below 1, got {self.dropout}")
        if self.head_init not in ("zero", "normal"):
            raise ValueError(f"head_init must be zero or normal, got {self.head_init!r}")
        if self.modulation not in ("none", "diagonal"):
            raise ValueError(f"modulation must be none or diagonal, got {self.modulation!r}")
        if self.modulation != "none" and (self.variant != "L" or not self.per_layer_bias):
            raise ValueError(
                "modulation needs variant L, whose rows are one a layer and module, "
                "and per_layer_bias, which are the shared A and B"
            )
        if self.static_bias and self.per_layer_bias:
            raise ValueError("static_bias already has offsets per layer; leave per_layer_bias off")
        if self.static_bias and self.head_init == "zero":
            raise ValueError("static_bias needs head_init normal, or its gate can never open")
        if self.half_offsets and not self.has_offsets:
            raise ValueError("half_offsets needs offsets: per_layer_bias or static_bias")

    @property
    def scale(self) -> float:
        """The factor on the embedding."""
        return math.sqrt(self.embedding_dim) if self.input_scale is None else self.input_scale

    @property
    def has_offsets(self) -> bool:
        """Whether A and B have offsets per layer in place of the heads' bias."""
        return self.per_layer_bias or self.static_bias


def check_output(config: HypernetworkConfig, target: TargetSpec) -> None:
    """Refuse a shape that cannot make a kind of output.

    :raises ValueError: naming what would be right.
    """
    kind = target.output
    if kind == "lora":
        return
    plain = config.modulation == "none" and not config.bounded and not config.per_layer_gain
    if not config.per_layer_bias or not plain or config.position != "learned":
        raise ValueError(
            f"output {kind} needs per_layer_bias, which says where its factors start, and none of "
            "modulation, bounded, per_layer_gain and rotary positions"
        )
