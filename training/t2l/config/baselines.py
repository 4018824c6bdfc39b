"""Configuration of what is trained beside the hypernetwork: per-task adapters and the baselines."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from t2l.config.fields import (
    STRICT,
    Count,
    Natural,
    Positive,
    Share,
    Weight,
    require_distinct,
    require_warmup,
)


@dataclass(frozen=True, config=STRICT)
class LoopOptions:
    """A run of AdamW steps (`train/trainer.py`).

    :param lr: peak learning rate.
    :param decay_from: share of the steps after which the rate falls linearly to zero.
    :param clip: largest gradient norm, None for no clipping.
    """

    steps: Natural = 1000
    lr: Positive = 1e-3
    warmup: Natural = 50
    decay_from: Share = 0.4
    weight_decay: Weight = 0.0
    clip: Positive | None = 1.0
    seed: Natural = 0

    def __post_init__(self) -> None:
        require_warmup(self.steps, self.warmup)


@dataclass(frozen=True, config=STRICT)
class OraclesConfig(LoopOptions):
    """One LoRA for every task (`objectives/oracles.py`); they share no norm, so nothing is clipped.

    :param examples: fresh examples of every task a step.
    :param group: tasks trained side by side and saved together.
    """

    steps: Natural = 120
    lr: Positive = 1e-2
    warmup: Natural = 5
    decay_from: Share = 0.3
    clip: Positive | None = None
    examples: Count = 8
    group: Count = 32


@dataclass(frozen=True, config=STRICT)
class MultiTaskConfig(LoopOptions):
    """One LoRA for all training tasks (`objectives/multi_task.py`).

    :param rates: learning rates that are tried; the selection tasks choose, `lr` is not used.
    :param tasks: tasks a step.
    :param examples: examples of each task a step.
    :param samples: questions of each selection task.
    """

    steps: Natural = 400
    rates: tuple[Positive, ...] = (1e-3, 3e-3, 1e-2)
    tasks: Count = 48
    examples: Count = 2
    samples: Count = 20

    def __post_init__(self) -> None:
        require_warmup(self.steps, self.warmup)
        require_distinct("rates", self.rates)


@dataclass(frozen=True, config=STRICT)
class HyperdecoderConfig(LoopOptions):
    """The hypernetwork that reads the input instead of a description (`hyperdecoder.py`).

    :param tasks: tasks a step.
    :param examples: examples of each task a step; every one gets its own adapter.
    :param whitening_rows: prompts whose vectors the whitening is measured on.
    """

    steps: Natural = 1000
    weight_decay: Weight = 0.01
    tasks: Count = 48
    examples: Count = 2
    whitening_rows: Count = 2048


@dataclass(frozen=True, config=STRICT)
class ArrowOptions:
    """Arrow routing among training-task oracles (`evaluate/conditions/arrow.py`).

    :param experts: most oracles to route among.
    :param top_k: experts a token.
    """

    experts: Count = 64
    top_k: Count = 3
    temperature: Positive = 1.0
    seed: Natural = 0

    def __post_init__(self) -> None:
        if self.top_k > self.experts:
            raise ValueError(
                f"top_k {self.top_k} is more than there are experts, {self.experts}; make it at "
                "most that"
            )


@dataclass(frozen=True, config=STRICT)
class ReconstructionConfig(LoopOptions):
    """Training of a hypernetwork on oracles instead of through the base (`reconstruction.py`).

    :param on: what is compared (`objectives/distances.py`): A and B, standardized per module
        (`factors`) or value by value (`elements`), or the update B A itself (`product`).
    :param loss: distance of standardized values; a product has `mse` only.
    :param tasks: tasks a step.
    """

    steps: Natural = 2000
    weight_decay: Weight = 0.01
    on: Literal["factors", "elements", "product"] = "factors"
    loss: Literal["mse", "l1"] = "mse"
    tasks: Count = 48

    def __post_init__(self) -> None:
        require_warmup(self.steps, self.warmup)
        if self.on == "product" and self.loss != "mse":
            raise ValueError(
                f"loss {self.loss} is a distance of single values, which a product is compared "
                "without; set it to mse, or on to factors or elements"
            )


@dataclass(frozen=True, config=STRICT)
class BaselinesConfig:
    """What is trained for comparison.

    :param training_oracles: how many training tasks get an oracle, beside the unseen tasks.
    """

    training_oracles: Count = 96
    oracles: OraclesConfig = OraclesConfig()
    multi_task: MultiTaskConfig = MultiTaskConfig()
    hyperdecoder: HyperdecoderConfig = HyperdecoderConfig()
    arrow: ArrowOptions = ArrowOptions()
    reconstruction: ReconstructionConfig = ReconstructionConfig()
