"""Configuration of what is trained beside the hypernetwork: per-task adapters and the baselines."""

from typing import Literal

from pydantic import ConfigDict, Field
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class LoopOptions:
    """A run of AdamW steps (`train/loop.py`).

    :param lr: peak learning rate.
    :param decay_from: share of the steps after which the rate falls linearly to zero.
    :param clip: largest gradient norm, None for no clipping.
    """

    steps: int = 1000
    lr: float = 1e-3
    warmup: int = 50
    decay_from: float = Field(default=0.4, ge=0, le=1)
    weight_decay: float = 0.0
    clip: float | None = 1.0
    seed: int = 0


@dataclass(frozen=True, config=_STRICT)
class OraclesConfig(LoopOptions):
    """One LoRA for every task (`oracles.py`). Tasks never share a norm, so nothing is clipped.

    :param examples: fresh examples of every task a step.
    :param group: tasks trained side by side and saved together.
    """

    steps: int = 120
    lr: float = 1e-2
    warmup: int = 5
    decay_from: float = Field(default=0.3, ge=0, le=1)
    clip: float | None = None
    examples: int = 8
    group: int = 32


@dataclass(frozen=True, config=_STRICT)
class MultiTaskConfig(LoopOptions):
    """One LoRA for all training tasks (`objectives/multi_task.py`).

    :param rates: learning rates that are tried; the selection tasks choose, `lr` is not used.
    :param tasks: tasks a step.
    :param examples: examples of each task a step.
    :param samples: questions of each selection task.
    """

    steps: int = 400
    rates: tuple[float, ...] = (1e-3, 3e-3, 1e-2)
    tasks: int = 48
    examples: int = 2
    samples: int = 20


@dataclass(frozen=True, config=_STRICT)
class HyperdecoderConfig(LoopOptions):
    """The hypernetwork that reads the input instead of a description (`hyperdecoder.py`).

    :param tasks: tasks a step.
    :param examples: examples of each task a step; every one gets its own adapter.
    :param whitening_rows: prompts whose vectors the whitening is measured on.
    """

    steps: int = 1000
    weight_decay: float = 0.01
    tasks: int = 48
    examples: int = 2
    whitening_rows: int = 2048


@dataclass(frozen=True, config=_STRICT)
class ArrowOptions:
    """Arrow routing among training-task oracles (`evaluation/conditions/arrow.py`).

    :param experts: most oracles to route among.
    :param top_k: experts a token.
    """

    experts: int = 64
    top_k: int = 3
    temperature: float = 1.0
    seed: int = 0


@dataclass(frozen=True, config=_STRICT)
class ReconstructionConfig(LoopOptions):
    """Training of a hypernetwork on oracles instead of through the base (`reconstruction.py`).

    :param loss: distance to the oracle's standardized values.
    :param tasks: tasks a step.
    """

    steps: int = 2000
    weight_decay: float = 0.01
    loss: Literal["mse", "l1"] = "mse"
    tasks: int = 48


@dataclass(frozen=True, config=_STRICT)
class BaselinesConfig:
    """What is trained for comparison.

    :param training_oracles: how many training tasks get an oracle, beside the unseen tasks.
    """

    training_oracles: int = 96
    oracles: OraclesConfig = OraclesConfig()
    multi_task: MultiTaskConfig = MultiTaskConfig()
    hyperdecoder: HyperdecoderConfig = HyperdecoderConfig()
    arrow: ArrowOptions = ArrowOptions()
    reconstruction: ReconstructionConfig = ReconstructionConfig()
