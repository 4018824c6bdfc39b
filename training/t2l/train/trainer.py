"""The one training loop: everything that is trained here is an objective that it runs.

    resume -> [ seed, rates, step, clip, update, note, sometimes validate, sometimes save ]* -> save

Everything random in a step follows from its number, so a run that was cut and goes on takes exactly
the steps that it would have taken. A checkpoint is written every few minutes, at the end, and when
the process is told to stop. What a run is stands in its checkpoint, and a folder that was begun as
something else is refused.
"""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

import torch
from torch import nn
from torch.optim import Optimizer

from t2l.base.progress import Progress
from t2l.config.sft import TrainerConfig
from t2l.train.checkpoint import (
    NEWEST,
    PLATEAU,
    load_checkpoint,
    read_notes,
    require_same,
    save_checkpoint,
    seed_step,
)
from t2l.train.metrics import Metrics
from t2l.train.parallel import ALONE, World
from t2l.train.schedule import plateau_end, rate_factor, set_rates
from t2l.train.signals import Stopped, stop_requests

logger = logging.getLogger(__name__)

Identity = Mapping[str, Mapping[str, Any]]
"""What a run is: parts (base, template, tasks, recipe) with their JSON values."""
KEPT = 0.98  # of the running mean of the loss at every step
BETAS = (0.9, 0.98)  # of AdamW, where nobody sets others


@dataclass(frozen=True)
class StepResult:
    """What a step gives besides gradients.

    :param loss: of the whole step; of this process's share of it, if there are several.
    :param tokens: run through the model.
    :param numbers: more to note.
    """

    loss: float
    tokens: int = 0
    numbers: Mapping[str, float] = field(default_factory=dict)


class Objective(Protocol):
    """What is trained, and how a step of it gets its gradients."""

    @property
    def module(self) -> nn.Module:
        """What checkpoints hold."""
        ...

    @property
    def optimizers(self) -> Sequence[Optimizer]:
        """Of the module's parameters; their rates are the highest ones."""
        ...

    def step(self, step: int) -> StepResult:
        """Compute one step and leave its gradients; random only by the step and torch's seed."""
        ...

    def validate(self) -> Mapping[str, float] | None:
        """Numbers on what is not trained on; None if there are none."""
        ...


@dataclass(frozen=True)
class Schedule:
    """How many steps there are, and how large.

    :param decay_from: share of the steps after which rates fall linearly to zero.
    :param clip: largest gradient norm, None for no clipping.
    """

    steps: int
    warmup: int
    decay_from: float
    clip: float | None
    seed: int

    @classmethod
    def of(cls, options: Any) -> Schedule:
        """The schedule in the options of any training."""
        return cls(options.steps, options.warmup, options.decay_from, options.clip, options.seed)

    @property
    def plateau(self) -> int:
        """Steps before the rates begin to fall."""
        return plateau_end(self.steps, self.warmup, self.decay_from)


@dataclass(frozen=True)
class Summary:
    """What a whole training took.

    :param seconds: of all runs that led to it.
    :param tokens: run through the model.
    :param loss: running mean of the loss.
    :param resumed_at: step that the last run began with.
    """

    seconds: float
    tokens: int
    loss: float
    resumed_at: int


@dataclass(frozen=True)
class Trainer:
    """Runs objectives.

    :param schedule: of the steps.
    :param options: how it runs on this machine.
    :param folder: where checkpoints and metrics lie; None for neither.
    :param identity: what the run is.
    :param label: of the progress; None shows none.
    :param clock: seconds that pass.
    """

    schedule: Schedule
    options: TrainerConfig = TrainerConfig()
    folder: Path | None = None
    identity: Identity = field(default_factory=dict)
    label: str | None = None
    world: World = ALONE
    clock: Callable[[], float] = time.monotonic

    def run(self, objective: Objective) -> Summary:
        """Take the steps that are not taken yet.

        :raises ConfigError: if the folder was begun as another run.
        :raises Stopped: if a signal came; the steps so far are saved.
        :raises FloatingPointError: if the loss is no number; the last checkpoint stays.
        """
        peaks = _rates(objective.optimizers)
        start, before = 0, {}
        if self.folder is not None:
            name = require_same(self.folder, self.identity, self.schedule.plateau)
            start = load_checkpoint(self.folder, objective.module, objective.optimizers, name)
            before = read_notes(self.folder, name) if start > 0 else {}
        running = _Running(
            before.get("loss"), before.get("tokens", 0), before.get("seconds", 0.0), self.clock
        )
        label = self.label if self.world.first else None
        progress = Progress(self.schedule.steps, start, label, clock=self.clock)
        metrics = Metrics(
            self.folder if self.world.first else None, start, self.options.tensorboard
        )
        saved = self.clock()
        try:
            with stop_requests() as request:
                for step in range(start, self.schedule.steps):
                    factor = self._take(objective, step, peaks, running)
                    done = step + 1
                    numbers = running.numbers(peaks[0][0] * factor)
                    if self._validates(done):
                        numbers |= objective.validate() or {}
                    metrics.write(done, numbers)
                    progress.advance(
                        loss=f"{running.average:.3f}", tokens_per_s=f"{running.speed:.0f}"
                    )
                    stop = self.world.most(request.signum)
                    due = self.clock() - saved >= 60 * self.options.checkpoint_minutes
                    if stop or due or done == self.schedule.steps or self._keeps(done):
                        self._save(objective, done, running)
                        saved = self.clock()
                    if stop:
                        self._say_stopped(done)
                        raise Stopped(stop)
        finally:
            progress.close()
            metrics.close()
        return Summary(running.seconds, running.tokens, running.average, start)

    def _take(
        self, objective: Objective, step: int, peaks: list[list[float]], running: _Running
    ) -> float:
        """One step; the factor on its rates."""
        plan = self.schedule
        seed_step(plan.seed, step)
        factor = rate_factor(step, plan.steps, plan.warmup, plan.decay_from)
        set_rates(objective.optimizers, peaks, factor)
        result = objective.step(step)
        names = sorted(result.numbers)
        sums = self.world.add(
            [result.loss, result.tokens, *(result.numbers[name] for name in names)]
        )
        if not math.isfinite(sums[0]):
            raise FloatingPointError(
                f"step {step + 1}: the loss is {sums[0]}; lower the learning rate and go on from "
                "the last checkpoint, or begin again"
            )
        parameters = list(objective.module.parameters())
        self.world.add_gradients(parameters)
        if plan.clip is not None:
            nn.utils.clip_grad_norm_(parameters, plan.clip)
        for optimizer in objective.optimizers:
            optimizer.step()
            optimizer.zero_grad(set_to_none=True)
        running.add(sums[0], round(sums[1]), dict(zip(names, sums[2:], strict=True)))
        return factor

    def _validates(self, done: int) -> bool:
        every = self.options.validate_steps
        return every > 0 and (done % every == 0 or done == self.schedule.steps)

    def _keeps(self, done: int) -> bool:
        return self.options.keep_plateau and done == self.schedule.plateau

    def _save(self, objective: Objective, done: int, running: _Running) -> None:
        if not self.world.first or self.folder is None:
            return
        notes = {
            "identity": self.identity,
            "loss": running.average,
            "tokens": running.tokens,
            "seconds": running.seconds,
        }
        names = (NEWEST, PLATEAU) if self._keeps(done) else (NEWEST,)
        save_checkpoint(self.folder, done, objective.module, objective.optimizers, notes, names)

    def _say_stopped(self, done: int) -> None:
        kept = f"saved in {self.folder}; the same command goes on" if self.folder else "not saved"
        if self.world.first:
            logger.warning("stopped after step %d of %d, %s", done, self.schedule.steps, kept)


class _Running:
    """Sums over the steps so far."""

    def __init__(
        self, average: float | None, tokens: int, seconds: float, clock: Callable[[], float]
    ) -> None:
        self._average, self.tokens = average, tokens
        self._clock, self._begun = clock, clock()
        self._seconds_before, self._tokens_before = seconds, tokens
        self._last: dict[str, float] = {}

    def add(self, loss: float, tokens: int, numbers: dict[str, float]) -> None:
        before = loss if self._average is None else self._average
        self._average = loss if self._average is None else KEPT * before + (1 - KEPT) * loss
        self.tokens += tokens
        self._last = {"loss": loss, **numbers}

    @property
    def average(self) -> float:
        return self._average or 0.0

    @property
    def seconds(self) -> float:
        return self._seconds_before + self._clock() - self._begun

    @property
    def speed(self) -> float:
        """Tokens a second in this run."""
        return (self.tokens - self._tokens_before) / max(1e-9, self._clock() - self._begun)

    def numbers(self, rate: float) -> dict[str, float]:
        return {
            **self._last,
            "lr": rate,
            "tokens_per_s": round(self.speed, 1),
            "seconds": round(self.seconds, 1),
        }


def _rates(optimizers: Sequence[Optimizer]) -> list[list[float]]:
    return [[group["lr"] for group in optimizer.param_groups] for optimizer in optimizers]


def adamw(
    module: nn.Module, lr: float, betas: tuple[float, float], weight_decay: float
) -> torch.optim.AdamW:
    """AdamW whose decay leaves offsets, norms and embeddings alone."""
    decayed, kept = [], []
    for name, parameter in module.named_parameters():
        matrix = parameter.ndim == 2 and not any(kind in name for kind in ("table", "offset"))
        (decayed if matrix else kept).append(parameter)
    groups = [
        {"params": decayed, "weight_decay": weight_decay},
        {"params": kept, "weight_decay": 0.0},
    ]
    return torch.optim.AdamW([group for group in groups if group["params"]], lr=lr, betas=betas)
