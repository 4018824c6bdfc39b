"""Oracles: one LoRA trained on one task alone, for many tasks side by side.

They are what an adapter can do at best, the targets of reconstruction training, and the library of
the baselines that reuse adapters. The objective is the sum of the tasks' mean losses and AdamW
works value by value, so every oracle is what it would be if it were trained alone.
"""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from torch import Tensor
from torch.optim import Optimizer
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_stack import AdapterStack, save_stack
from t2l.base.adapter_weights import AdapterWeights, changed
from t2l.base.device import Device
from t2l.base.progress import Progress
from t2l.base.reader import Reader
from t2l.base.target import TargetSpec
from t2l.config.baselines import OraclesConfig
from t2l.config.sft import TrainerConfig
from t2l.tasks.source import Task
from t2l.template.arrow import ArrowTemplate
from t2l.template.template import Template
from t2l.train.objectives.oracle_store import FOLDER, OracleIndex, load_oracles, oracle_names
from t2l.train.rows import KeptRows
from t2l.train.trainer import BETAS, Schedule, StepResult, Trainer, adamw
from t2l.train.zero_shot import frozen_reader, losses_backward, parts_of, task_rows

__all__ = ["FOLDER", "load_oracles", "oracle_names", "save_group", "train_group", "train_oracles"]


@dataclass
class OwnAdapters:
    """The objective: every task's questions under an adapter of its own."""

    reader: Reader
    module: AdapterStack
    optimizers: Sequence[Optimizer]
    target: TargetSpec
    tasks: Sequence[Task]
    options: OraclesConfig
    rows: KeptRows

    def step(self, step: int) -> StepResult:
        """See `Objective.step`."""
        options, groups = self.options, []
        for task in self.tasks:
            rng = random.Random(f"oracle|{options.seed}|{task.name}|{step}")
            groups.append(task_rows(task, options.examples, rng, self.rows))
        return losses_backward(
            self.reader,
            self.target,
            self.module(),
            parts_of(groups),
            lambda sums, counts: (sums / counts).sum(),
        )

    def validate(self) -> Mapping[str, float] | None:
        """Nothing: oracles are what others are compared with."""
        return None


def train_oracles(
    model: PreTrainedModel,
    target: TargetSpec,
    tasks: Sequence[Task],
    options: OraclesConfig,
    folder: Path,
    device: Device,
    *,
    template: Template | None = None,
    trainer: TrainerConfig | None = None,
) -> None:
    """Train the oracles that are not there yet, a group at a time.

    :param model: the frozen base model, any causal one.
    :param target: what the adapters are for; it says where the model's layers are.
    :param folder: its `oracles/` gets a safetensors file a group and an index.
    :param template: how questions become tokens; t2l-mini's by default.
    :param trainer: how it runs on this machine.
    :raises ValueError: if the folder has oracles of another base model, template or options.
    """
    place = folder / FOLDER
    template = template or ArrowTemplate()
    index = OracleIndex.open(place, target, options, template)
    by_name = {task.name: task for task in tasks}
    groups = index.missing(list(by_name), options.group)
    progress = Progress(sum(len(group.names) for group in groups), 0, "oracles", unit="task")
    for group in groups:
        own = [by_name[name] for name in group.names]
        file = place / group.file
        save_group(model, target, own, options, file, device, template=template, trainer=trainer)
        index.note(group)
        progress.advance(len(group.names))
    progress.close()


def save_group(
    model: PreTrainedModel,
    target: TargetSpec,
    tasks: Sequence[Task],
    options: OraclesConfig,
    file: Path,
    device: Device,
    *,
    template: Template | None = None,
    trainer: TrainerConfig | None = None,
) -> None:
    """Train the oracles of some tasks side by side and write them, in a single rename.

    :param file: of these oracles; the index does not name it yet.
    """
    save_stack(file, train_group(model, target, tasks, options, device, template, trainer))


def train_group(
    model: PreTrainedModel,
    target: TargetSpec,
    tasks: Sequence[Task],
    options: OraclesConfig,
    device: Device,
    template: Template | None = None,
    trainer: TrainerConfig | None = None,
) -> AdapterWeights:
    """The oracles of some tasks, [T, ...]: of LoRAs (A [T, N, r, in], B [T, N, out, r])."""
    trainer = trainer or TrainerConfig()
    reader = frozen_reader(model, device, trainer.gradient_checkpointing)
    names = [task.name for task in tasks]
    stack = AdapterStack(target, names, options.seed, model).to(device.name)
    optimizers = [adamw(stack, options.lr, BETAS, options.weight_decay)]
    rows = KeptRows(template or ArrowTemplate())
    objective = OwnAdapters(reader, stack, optimizers, target, tasks, options, rows)
    Trainer(Schedule.of(options), trainer).run(objective)
    return changed(stack(), Tensor.detach)
