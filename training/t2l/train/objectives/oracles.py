"""Oracles: one LoRA trained on one task alone, for many tasks side by side.

They are what an adapter can do at best, the targets of reconstruction training, and the library of
the baselines that reuse adapters. The objective is the sum of the tasks' mean losses and AdamW
works value by value, so every oracle is what it would be if it were trained alone.
"""

from __future__ import annotations

import json
import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from torch.optim import Optimizer
from transformers.modeling_utils import PreTrainedModel

from t2l.base.adapter_stack import AdapterStack, load_stack, save_stack
from t2l.base.device import Device
from t2l.base.lora import LoraWeights
from t2l.base.progress import Progress
from t2l.base.reader import Reader
from t2l.base.target import TargetSpec
from t2l.config.baselines import OraclesConfig
from t2l.config.sft import TrainerConfig
from t2l.tasks.source import Task
from t2l.template.arrow import ArrowTemplate
from t2l.template.template import Template
from t2l.train.rows import KeptRows
from t2l.train.trainer import BETAS, Schedule, StepResult, Trainer, adamw
from t2l.train.zero_shot import frozen_reader, losses_backward, parts_of, task_rows

logger = logging.getLogger(__name__)
FOLDER = "oracles"
INDEX_FILE = "index.json"


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
    index = _open_index(place, target, options, template)
    missing = [task for task in tasks if task.name not in index["tasks"]]
    progress = Progress(len(missing), 0, "oracles", unit="task")
    for start in range(0, len(missing), options.group):
        group = missing[start : start + options.group]
        weights = train_group(model, target, group, options, device, template, trainer)
        taken = {row[0] for row in index["tasks"].values()}
        name = f"{len(taken):04d}.safetensors"
        save_stack(place / name, weights)
        index["tasks"].update({task.name: [name, row] for row, task in enumerate(group)})
        _write_index(place, index)
        progress.advance(len(group))
    progress.close()


def train_group(
    model: PreTrainedModel,
    target: TargetSpec,
    tasks: Sequence[Task],
    options: OraclesConfig,
    device: Device,
    template: Template | None = None,
    trainer: TrainerConfig | None = None,
) -> LoraWeights:
    """The oracles of some tasks: module -> (A [T, N, r, in], B [T, N, out, r]), B unscaled."""
    trainer = trainer or TrainerConfig()
    reader = frozen_reader(model, device, trainer.gradient_checkpointing)
    stack = AdapterStack(target, [task.name for task in tasks], options.seed).to(device.name)
    optimizers = [adamw(stack, options.lr, BETAS, options.weight_decay)]
    rows = KeptRows(template or ArrowTemplate())
    objective = OwnAdapters(reader, stack, optimizers, target, tasks, options, rows)
    Trainer(Schedule.of(options), trainer).run(objective)
    return {name: (a.detach(), b.detach()) for name, (a, b) in stack().items()}


def oracle_names(folder: Path) -> tuple[str, ...]:
    """Tasks that have an oracle, in the order they were trained.

    :raises FileNotFoundError: if there are none.
    """
    return tuple(_read_index(folder / FOLDER)["tasks"])


def load_oracles(folder: Path, names: Sequence[str]) -> LoraWeights:
    """The oracles of some tasks, in this order; a name may come more than once.

    :param folder: what `train_oracles` wrote to.
    :return: module -> (A [T, N, r, in], B [T, N, out, r]), B unscaled.
    :raises FileNotFoundError: if there are no oracles, or none of one of these tasks.
    """
    tasks = _read_index(folder / FOLDER)["tasks"]
    absent = [name for name in names if name not in tasks]
    if absent:
        raise FileNotFoundError(
            f"{folder / FOLDER}: {len(absent)} tasks have no oracle, {absent[0]} for one; "
            "run the `oracles` stage first"
        )
    by_file: dict[str, list[int]] = {}
    for place, name in enumerate(names):
        by_file.setdefault(tasks[name][0], []).append(place)
    loaded: list[LoraWeights] = []
    for file, places in by_file.items():
        rows = [tasks[names[place]][1] for place in places]
        loaded.append(load_stack(folder / FOLDER / file, rows))
    back = torch.tensor([place for places in by_file.values() for place in places]).argsort()

    def in_order(module: str, side: int) -> Tensor:
        return torch.cat([part[module][side] for part in loaded])[back]

    return {module: (in_order(module, 0), in_order(module, 1)) for module in loaded[0]}


def _open_index(
    place: Path, target: TargetSpec, options: OraclesConfig, template: Template
) -> dict[str, Any]:
    # how tasks are grouped changes nothing in an oracle
    kept = {key: value for key, value in asdict(options).items() if key != "group"}
    # heads change nothing either, and older indexes do not have them
    made_with = {"target": replace(target, attention=None).to_json(), "options": kept}
    if template.name != "arrow":  # which older indexes do not name
        made_with["template"] = template.describe()
    if not (place / INDEX_FILE).exists():
        return {"made_with": made_with, "tasks": {}}
    index = _read_index(place)
    if index["made_with"] != made_with:
        raise ValueError(
            f"{place} has oracles of another base model, template or options; remove it first"
        )
    return index


def _read_index(place: Path) -> dict[str, Any]:
    path = place / INDEX_FILE
    if not path.exists():
        raise FileNotFoundError(f"{path}: no oracles; run the `oracles` stage first")
    return json.loads(path.read_text(encoding="utf-8"))


def _write_index(place: Path, index: dict[str, Any]) -> None:
    partial = place / f"{INDEX_FILE}.partial"
    partial.write_text(json.dumps(index, indent=1) + "\n", encoding="utf-8")
    partial.replace(place / INDEX_FILE)
