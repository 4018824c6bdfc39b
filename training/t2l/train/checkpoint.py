"""Checkpoints: tensors in safetensors, the rest in JSON, written so that a cut loses nothing.

A checkpoint holds model, optimizers and the step. Data and dropout are seeded by step, so a run
that resumes takes exactly the steps it would have taken.
"""

import json
import os
import shutil
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import load_file, save_file
from torch import Tensor, nn
from torch.optim import Optimizer

from t2l.config.errors import ConfigError


def save_checkpoint(
    folder: Path,
    step: int,
    model: nn.Module,
    optimizers: Sequence[Optimizer],
    notes: Mapping[str, Any],
) -> None:
    """Write a checkpoint, replacing the one before in a single rename.

    :param step: steps taken so far.
    :param notes: JSON values worth keeping (configuration, loss).
    """
    folder.mkdir(parents=True, exist_ok=True)
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    scalars: list[Any] = []
    for index, optimizer in enumerate(optimizers):
        state = optimizer.state_dict()
        plain: dict[str, dict[str, Any]] = {}
        for key, values in state["state"].items():
            plain[str(key)] = {}
            for name, value in values.items():
                if isinstance(value, Tensor):
                    tensors[f"optimizer.{index}.{key}.{name}"] = value
                else:
                    plain[str(key)][name] = value
        scalars.append({"state": plain, "groups": state["param_groups"]})
    stored = {name: value.detach().cpu().contiguous().clone() for name, value in tensors.items()}
    metadata = {"step": str(step), "optimizers": json.dumps(scalars), "notes": json.dumps(notes)}
    partial = folder / "checkpoint.partial"
    save_file(stored, partial, metadata=metadata)
    os.replace(partial, folder / "checkpoint.safetensors")


def load_checkpoint(folder: Path, model: nn.Module, optimizers: Sequence[Optimizer]) -> int:
    """Restore the newest checkpoint of a folder.

    :return: the number of steps already taken; 0 if there is no checkpoint.
    :raises ConfigError: if the file is damaged.
    :raises RuntimeError: if the tensors do not fit the model (strict).
    """
    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return 0
    try:
        tensors, metadata = load_file(path), read_metadata(path)
    except SafetensorError as error:
        raise _damaged(path, error) from error
    weights = {
        name.removeprefix("model."): value
        for name, value in tensors.items()
        if name.startswith("model.")
    }
    model.load_state_dict(weights, strict=True)
    scalars = json.loads(metadata["optimizers"])
    for index, (optimizer, saved) in enumerate(zip(optimizers, scalars, strict=True)):
        state: dict[int, dict[str, Any]] = {int(k): dict(v) for k, v in saved["state"].items()}
        for name, value in tensors.items():
            if name.startswith(f"optimizer.{index}."):
                _, _, key, field = name.split(".", 3)
                state[int(key)][field] = value
        optimizer.load_state_dict({"state": state, "param_groups": saved["groups"]})
    return int(metadata["step"])


def require_same(folder: Path, identity: Mapping[str, Mapping[str, Any]]) -> None:
    """Refuse to go on with, or to take for finished, what was begun as something else.

    What is newer than the checkpoint is not compared.

    :param identity: what the run is: parts (base model, tasks, recipe) with their JSON values, as
        they lie in the checkpoint's notes.
    :raises ConfigError: naming what differs.
    """
    path = folder / "checkpoint.safetensors"
    if not path.exists():
        return
    try:
        notes = read_notes(folder)
    except SafetensorError as error:
        raise _damaged(path, error) from error
    before = notes.get("identity", notes.get("config", {}))
    changed = [
        f"{part}.{name} {before[part][name]!r}, now {value!r}"
        for part, values in json.loads(json.dumps(identity)).items()
        for name, value in values.items()
        if part in before and name in before[part] and before[part][name] != value
    ]
    if changed:
        raise ConfigError(
            f"{folder} was begun with {'; '.join(changed)}: remove the folder or name another "
            "one with `runs`"
        )


@contextmanager
def whole_folder(final: Path) -> Iterator[Path]:
    """A folder to write to that takes the place of `final` in one step, once all of it is there.

    A cut or a full disk leaves nothing under that name, so the stage can be run again.
    """
    partial = final.with_name(f"{final.name}.partial")
    shutil.rmtree(partial, ignore_errors=True)
    yield partial
    shutil.rmtree(final, ignore_errors=True)
    partial.rename(final)


def read_notes(folder: Path) -> dict[str, Any]:
    """What was noted beside the newest checkpoint of a folder."""
    return json.loads(read_metadata(folder / "checkpoint.safetensors")["notes"])


def _damaged(path: Path, error: Exception) -> ConfigError:
    return ConfigError(f"{path} is damaged ({error}); remove it to begin this stage again")


def read_metadata(path: Path) -> dict[str, str]:
    """The text metadata of a safetensors file."""
    with safe_open(path, framework="pt") as file:
        return file.metadata() or {}


def seed_step(seed: int, step: int) -> None:
    """Seed torch for one step, so that dropout after a resume equals dropout without one."""
    torch.manual_seed(seed * 1_000_003 + step)
