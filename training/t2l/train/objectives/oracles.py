"""Oracles: one LoRA trained on one task alone, for many tasks side by side.

They are what an adapter can do at best, the targets of reconstruction training, and the library of
the baselines that reuse adapters. The objective is the sum of the tasks' mean losses and AdamW
works value by value, so every oracle is what it would be if it were trained alone.
"""

import json
import logging
import random
from collections.abc import Sequence
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor
from tqdm import tqdm
from transformers import LlamaForCausalLM

from t2l.base.adapter_stack import AdapterStack, load_stack, save_stack
from t2l.base.device import Device
from t2l.base.lora import LoraWeights
from t2l.base.target import TargetSpec
from t2l.config.baselines import OraclesConfig
from t2l.tasks.procedural.world import Task
from t2l.train.loop import run_loop
from t2l.train.zero_shot import adapted_losses, by_length, draw_rows, prepare

logger = logging.getLogger(__name__)
FOLDER = "oracles"
INDEX_FILE = "index.json"


def train_oracles(
    model: LlamaForCausalLM,
    target: TargetSpec,
    tasks: Sequence[Task],
    options: OraclesConfig,
    folder: Path,
    device: Device,
) -> None:
    """Train the oracles that are not there yet, a group at a time.

    :param model: the frozen base model.
    :param folder: its `oracles/` gets a safetensors file a group and an index.
    :raises ValueError: if the folder has oracles of another base model or other options.
    """
    place = folder / FOLDER
    index = _open_index(place, target, options)
    missing = [task for task in tasks if task.name not in index["tasks"]]
    prepare(model, device)
    starts = range(0, len(missing), options.group)
    for start in tqdm(starts, desc="oracle groups", mininterval=5):
        group = missing[start : start + options.group]
        weights = train_group(model, target, group, options, device)
        taken = {row[0] for row in index["tasks"].values()}
        name = f"{len(taken):04d}.safetensors"
        save_stack(place / name, weights)
        index["tasks"].update({task.name: [name, row] for row, task in enumerate(group)})
        _write_index(place, index)


def train_group(
    model: LlamaForCausalLM,
    target: TargetSpec,
    tasks: Sequence[Task],
    options: OraclesConfig,
    device: Device,
) -> LoraWeights:
    """The oracles of some tasks: module -> (A [T, N, r, in], B [T, N, out, r]), B unscaled."""
    stack = AdapterStack(target, [task.name for task in tasks], options.seed).to(device.name)

    def loss_at(step: int) -> Tensor:
        groups = []
        for task in tasks:
            rng = random.Random(f"oracle|{options.seed}|{task.name}|{step}")
            groups.append(draw_rows(task, options.examples, rng))
        sums, counts = adapted_losses(model, target, stack(), by_length(groups), device)
        return (sums / counts).sum()

    run_loop(stack, loss_at, options)
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
    return {
        module: tuple(torch.cat([part[module][side] for part in loaded])[back] for side in (0, 1))
        for module in loaded[0]
    }


def _open_index(place: Path, target: TargetSpec, options: OraclesConfig) -> dict[str, Any]:
    # how tasks are grouped changes nothing in an oracle
    kept = {key: value for key, value in asdict(options).items() if key != "group"}
    # heads change nothing either, and older indexes do not have them
    made_with = {"target": replace(target, attention=None).to_json(), "options": kept}
    if not (place / INDEX_FILE).exists():
        return {"made_with": made_with, "tasks": {}}
    index = _read_index(place)
    if index["made_with"] != made_with:
        raise ValueError(f"{place} has oracles of another base model or options; remove it first")
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
