"""Checkpoints: tensors in safetensors, the rest in JSON, written so that a cut loses nothing.

A checkpoint holds model, optimizers and the step. Data and dropout are seeded by step, so a run
that resumes takes exactly the steps it would have taken. The checkpoint from before the rates fell
can be kept beside the newest one: a longer run, which would have come to the same place, goes on
from there.
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

NEWEST = "checkpoint.safetensors"
PLATEAU = "plateau.safetensors"  # from before the rates fell
LENGTH = ("steps", "decay_from")  # what a longer run differs in
EARLIER = {  # what a run was whose checkpoint does not say it
    "reconstruction": {"on": "factors"},
    "target": {"output": "lora", "feedforward": None},
    "sft": {"base_quantization": None},
}


def save_checkpoint(
    folder: Path,
    step: int,
    model: nn.Module,
    optimizers: Sequence[Optimizer],
    notes: Mapping[str, Any],
    names: Sequence[str] = (NEWEST,),
) -> None:
    """Write a checkpoint, replacing the one before in a single rename.

    :param step: steps taken so far.
    :param notes: JSON values worth keeping (configuration, loss).
    :param names: of the files that it is kept as.
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
    for name in names:
        partial = folder / "checkpoint.partial"
        save_file(stored, partial, metadata=metadata)
        os.replace(partial, folder / name)


def load_checkpoint(
    folder: Path, model: nn.Module, optimizers: Sequence[Optimizer], name: str = NEWEST
) -> int:
    """Restore a checkpoint of a folder, the newest one if no other is named.

    :return: the number of steps already taken; 0 if there is no checkpoint.
    :raises ConfigError: if the file is damaged.
    :raises RuntimeError: if the tensors do not fit the model (strict).
    """
    path = folder / name
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


def require_same(folder: Path, identity: Mapping[str, Mapping[str, Any]], plateau: int = 0) -> str:
    """Refuse to go on with, or to take for finished, what was begun as something else.

    What is newer than the checkpoint is not compared. A run that differs in nothing but its length
    goes on from the checkpoint before the rates fell, if that was kept.

    :param identity: what the run is: parts (base model, tasks, recipe) with their JSON values, as
        they lie in the checkpoint's notes.
    :param plateau: steps of the run before its own rates fall.
    :return: the file to go on from, which need not be there.
    :raises ConfigError: naming what differs.
    """
    changed = _changes(folder, NEWEST, identity)
    if not changed:
        return NEWEST
    kept = folder / PLATEAU
    length = all(name.split(".")[1] in LENGTH for name, _, _ in changed)
    if length and kept.exists() and int(read_metadata(kept)["step"]) <= plateau:
        return PLATEAU
    said = "; ".join(f"{name} {was!r}, now {now!r}" for name, was, now in changed)
    raise ConfigError(
        f"{folder} was begun with {said}: remove the folder or name another one with `runs`"
    )


def _changes(
    folder: Path, file: str, identity: Mapping[str, Mapping[str, Any]]
) -> list[tuple[str, Any, Any]]:
    """What is no longer as a checkpoint noted it: name, value then, value now."""
    path = folder / file
    if not path.exists():
        return []
    try:
        notes = json.loads(read_metadata(path)["notes"])
    except SafetensorError as error:
        raise _damaged(path, error) from error
    noted = notes.get("identity", notes.get("config", {}))
    before = {part: {**EARLIER.get(part, {}), **values} for part, values in noted.items()}
    return [
        (f"{part}.{name}", before[part][name], value)
        for part, values in json.loads(json.dumps(identity)).items()
        for name, value in values.items()
        if part in before and name in before[part] and before[part][name] != value
    ]


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


def read_notes(folder: Path, name: str = NEWEST) -> dict[str, Any]:
    """What was noted beside a checkpoint of a folder, the newest one if no other is named."""
    return json.loads(read_metadata(folder / name)["notes"])


def _damaged(path: Path, error: Exception) -> ConfigError:
    return ConfigError(f"{path} is damaged ({error}); remove it to begin this stage again")


def read_metadata(path: Path) -> dict[str, str]:
    """The text metadata of a safetensors file."""
    with safe_open(path, framework="pt") as file:
        return file.metadata() or {}


def seed_step(seed: int, step: int) -> None:
    """Seed torch for one step, so that dropout after a resume equals dropout without one."""
    torch.manual_seed(seed * 1_000_003 + step)
