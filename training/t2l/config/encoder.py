"""Which encoder reads descriptions."""

from __future__ import annotations

from typing import Literal

from pydantic.dataclasses import dataclass

from t2l.config.fields import (
    STRICT,
    Count,
    Fraction,
    Natural,
    Positive,
    Share,
    Weight,
    require_warmup,
)

EncoderKind = Literal["tuned", "contrast", "minilm", "bag_of_words", "base_last_token"]


@dataclass(frozen=True, config=STRICT)
class ReadingConfig:
    """What an encoder of phrasings learns next, so that t2l-mini's hypernetwork can use it too.

    :param steps: optimizer steps.
    :param texts: descriptions of t2l-mini's tasks a step, whose steps are read.
    :param held: training descriptions of this recipe a step, held where the phrasings left them.
    """

    steps: Count = 800
    texts: Count = 64
    held: Count = 48


@dataclass(frozen=True, config=STRICT)
class EncoderConfig:
    """Which encoder reads descriptions, and its tuning (`train/objectives/encoder_tuning.py`).

    :param kind: a name in `encoders/open.py`; the rest is for those that are tuned:
        `tuned` reads steps, `contrast` (`encoder_contrast.py`) draws a task's phrasings together.
    :param steps: optimizer steps.
    :param texts: descriptions a step; tasks a step, of two descriptions each, for `contrast`.
    :param general: sentences about other things a step, held to the original vectors.
    :param drift: weight of the squared distance that holds them.
    :param smoothing: of the readers' labels (`tuned`).
    :param temperature: of the similarities (`contrast`).
    :param reads: a second stage of `contrast`, with the same rates; None for none.
    :param lr: of the encoder's layers.
    :param reader_lr: of the readers.
    """

    kind: EncoderKind = "tuned"
    steps: Count = 800
    texts: Count = 64
    general: Natural = 16
    drift: Weight = 5.0
    smoothing: Fraction = 0.05
    temperature: Positive = 0.05
    reads: ReadingConfig | None = None
    lr: Positive = 1e-4
    reader_lr: Positive = 3e-3
    weight_decay: Weight = 0.01
    warmup: Natural = 50
    decay_from: Share = 0.3
    clip: Positive = 1.0
    seed: Natural = 0

    def __post_init__(self) -> None:
        require_warmup(self.steps, self.warmup)
        if self.reads is not None:
            if self.kind != "contrast":
                raise ValueError(
                    f"reads is a second stage of kind contrast, which {self.kind} does not have; "
                    "leave it out"
                )
            require_warmup(self.reads.steps, self.warmup, "reads.steps")
