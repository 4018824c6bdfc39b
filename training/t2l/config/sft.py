"""Meta-training of the hypernetwork, and how any training runs on this machine."""

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

TeacherKind = Literal["codes", "demonstrations", "description", "both"]


@dataclass(frozen=True, config=STRICT)
class SftConfig:
    """Meta-training of the hypernetwork through the frozen base model.

    :param tasks: tasks a step.
    :param examples: examples of each task a step.
    :param matrix_lr: peak learning rate of Muon, for the matrices; None leaves them to AdamW.
    :param lr: peak learning rate of AdamW, for the rest.
    :param decay_from: share of the steps after which the rate falls linearly to zero.
    :param whitening: shrinkage of the whitening of vectors (`whitening.py`), None for none.
    :param whiten_within: whiten what varies between the phrasings of a task, not between tasks.
    :param mix: train on points between two phrasings of a task instead of on one phrasing.
    :param noise: deviation of noise on a vector; whitened vectors have unit variance.
    :param answers: weight of the answers; 0 where only the told base model is to be followed.
    :param distill: weight of the distance to the told base model, 0 for none.
    :param teacher: what the told base model is shown: t2l-mini's control codes, or, of models that
        can read, demonstrations, a description, or both.
    :param teacher_shots: demonstrations that it is shown.
    :param teacher_signal: what is compared: hidden states of all layers, or next-token logits.
    :param contrast: weight of the shortfall of `margin` (`objectives/sft.py`), 0 for none.
    :param margin: how much likelier an answer must be under its own adapter, nats a token.
    :param smoothing: share of every label that all tokens get alike.
    :param neftune: noise on the base model's input embeddings, alpha of NEFTune (5 there).
    :param lora_dropout: share of the inputs of LoRAs that is dropped; of LoRAs only.
    :param output_decay: weight of the squares of generated weights (1e-3 in Text-to-LoRA); of
        LoRAs only, because what they are drawn to is no change.
    :param warm_start: begin with the network that reconstruction trained.
    :param base_quantization: `nf4` to train through a base model in 4 bits (`base/quantized.py`),
        which takes the `quantized` extra; what is measured meets the base model as it is.
    :param training_tasks: use this many of the training tasks, None for all.
    :param seed: of the initial weights, the batches and dropout.
    """

    steps: Natural = 1600
    tasks: Count = 32
    examples: Count = 3
    matrix_lr: Positive | None = 3e-3
    lr: Positive = 1e-3
    betas: tuple[Fraction, Fraction] = (0.9, 0.98)
    weight_decay: Weight = 0.01
    warmup: Natural = 50
    decay_from: Share = 0.4
    clip: Positive = 1.0
    whitening: Positive | None = 1e-3
    whiten_within: bool = True
    mix: bool = True
    noise: Weight = 0.3
    answers: Weight = 1.0
    distill: Weight = 0.0
    teacher: TeacherKind = "codes"
    teacher_shots: Count = 4
    teacher_signal: Literal["states", "logits"] = "states"
    contrast: Weight = 0.0
    margin: Positive = 1.0
    smoothing: Fraction = 0.0
    neftune: Weight = 0.0
    lora_dropout: Fraction = 0.0
    output_decay: Weight = 0.0
    warm_start: bool = False
    base_quantization: Literal["nf4"] | None = None
    training_tasks: Count | None = None
    seed: Natural = 0

    def __post_init__(self) -> None:
        require_warmup(self.steps, self.warmup)
        if self.answers == 0 and self.distill == 0:
            raise ValueError(
                "with answers 0 and distill 0 there is nothing to learn; raise one of them"
            )
        if self.contrast > 0 and self.tasks < 2:
            raise ValueError(
                "contrast compares an adapter with the next task's; make tasks at least 2"
            )


@dataclass(frozen=True, config=STRICT)
class TrainerConfig:
    """How training runs, which changes nothing of what comes out but rounding.

    :param checkpoint_minutes: a checkpoint is written at least this often, and when it is stopped.
    :param keep_plateau: keep the checkpoint from before the rates fall: a run with more `steps`
        goes on from there.
    :param validate_steps: steps between two measurements of the loss on selection tasks; 0 for
        none.
    :param validation_tasks: how many selection tasks are measured then.
    :param gradient_checkpointing: compute activations twice instead of keeping them: slower, in
        less memory.
    :param precision: of products in the base model; `auto` measures what is faster here.
    :param tensorboard: write TensorBoard's files too, where it is installed.
    """

    checkpoint_minutes: Positive = 10.0
    keep_plateau: bool = False
    validate_steps: Natural = 0
    validation_tasks: Count = 32
    gradient_checkpointing: bool = False
    precision: Literal["auto", "float32", "bfloat16"] = "auto"
    tensorboard: bool = True
