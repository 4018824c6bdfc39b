"""A released checkpoint's three files: `args.yaml`, `adapter_config.json` and `hypermod.pt`.

The weights are loaded as plain tensors only (`weights_only`), never as arbitrary pickles. The order
of the keys is kept: the reference numbers its target modules in the order of a Python set, which
depends on the hash seed of the process that trained, and the order of the `heads.*` keys is all
that remembers it.
"""

from __future__ import annotations

import json
import pickle
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal, TypeVar

import torch
import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from torch import Tensor

from t2l.hypernet.task_encoders import TaskEncoderKind

ARGS_FILE = "args.yaml"
PEFT_FILE = "adapter_config.json"
WEIGHTS_FILE = "hypermod.pt"

Fields = TypeVar("Fields", bound=BaseModel)


class CheckpointError(ValueError):
    """A checkpoint that cannot be read or imported; the message names the file and the cure."""


class Arguments(BaseModel):
    """What of the training arguments decides what the network computes; defaults as there."""

    model_config = ConfigDict(extra="ignore", protected_namespaces=())

    model_dir: str
    training_task: Literal["sft", "recon"] = "sft"
    exp_setup: str
    emb_model: str = ""
    shared_AB_head: bool = False
    autoreg_gen: bool = False
    learnable_pos_emb: bool = False
    hypernet_latent_size: int = Field(default=128, ge=4)
    head_in_size: int = Field(default=512, ge=1)
    use_one_hot_task_emb: bool = False
    pred_z_score: bool = True
    factorized: bool = False
    delta_w_scaling: float = Field(default=10000, gt=0)


class AdapterSettings(BaseModel):
    """What of PEFT's configuration decides an adapter's shape and strength."""

    model_config = ConfigDict(extra="ignore")

    peft_type: str
    r: int = Field(ge=1)
    lora_alpha: float = Field(gt=0)
    use_rslora: bool = False
    use_dora: bool = False
    target_modules: list[str] = Field(min_length=1)
    rank_pattern: dict[str, Any] = {}
    alpha_pattern: dict[str, Any] = {}
    layers_to_transform: list[int] | int | None = None


@dataclass(frozen=True)
class Checkpoint:
    """A checkpoint as it lies on disk.

    :param folder: where it lies, for messages.
    :param state: key -> tensor in float32, in the order of the file.
    """

    folder: Path
    args: Arguments
    adapter: AdapterSettings
    state: dict[str, Tensor]

    @property
    def task_encoder(self) -> TaskEncoderKind:
        """Which task encoder the network has.

        The keys say it. The arguments cannot: the reference's training scripts do not hand
        `encoder_type` on, so their networks are linear whatever it says.
        """
        if "task_encoder.mlp.1.weight" in self.state:
            return "linear"
        if "task_encoder.embed" not in self.state:
            return "discrete"
        return "vq" if "task_encoder.cluster_size" in self.state else "softmax"

    @property
    def module_order(self) -> tuple[str, ...]:
        """Target modules in the order in which the network numbers them."""
        heads = (key.split(".")[1] for key in self.state if key.startswith("heads."))
        return tuple(dict.fromkeys(heads))


def is_checkpoint(folder: Path) -> bool:
    """Whether a folder looks like a checkpoint of the reference."""
    return (folder / WEIGHTS_FILE).exists() and (folder / ARGS_FILE).exists()


def read_checkpoint(folder: Path) -> Checkpoint:
    """Read and check the three files.

    :raises CheckpointError: for a file that is missing, damaged or not what it should be.
    """
    folder = Path(folder)
    if not folder.is_dir():
        raise CheckpointError(
            f"{folder} is no folder; give one with {ARGS_FILE}, {PEFT_FILE} and {WEIGHTS_FILE}, "
            "such as trained_t2l/llama_8b_t2l of SakanaAI/text-to-lora"
        )
    for file in (ARGS_FILE, PEFT_FILE, WEIGHTS_FILE):
        if not (folder / file).is_file():
            raise CheckpointError(
                f"{folder / file} is missing; a checkpoint has {ARGS_FILE}, {PEFT_FILE} and "
                f"{WEIGHTS_FILE} in one folder"
            )
    checkpoint = Checkpoint(
        folder=folder,
        args=_checked(Arguments, folder / ARGS_FILE, _yaml(folder / ARGS_FILE)),
        adapter=_checked(AdapterSettings, folder / PEFT_FILE, _json(folder / PEFT_FILE)),
        state=_state(folder / WEIGHTS_FILE),
    )
    order, listed = checkpoint.module_order, checkpoint.adapter.target_modules
    if sorted(order) != sorted(listed):
        raise CheckpointError(
            f"{folder / WEIGHTS_FILE} has heads for {', '.join(order) or 'no module'}, but "
            f"{PEFT_FILE} lists {', '.join(sorted(listed))}: these files do not belong together"
        )
    return checkpoint


def _yaml(path: Path) -> Any:
    try:
        return yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise CheckpointError(
            f"{path} is not plain YAML: {error}; take the file that training wrote"
        ) from error


def _json(path: Path) -> Any:
    try:
        return json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(
            f"{path} is not JSON: {error}; take the file that PEFT wrote"
        ) from error


def _checked(kind: type[Fields], path: Path, values: Any) -> Fields:
    try:
        return kind.model_validate(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'the file'}: {item['msg']}"
            for item in error.errors()
        )
        raise CheckpointError(f"{path}: {problems}") from error


def _state(path: Path) -> dict[str, Tensor]:
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError as error:
        raise CheckpointError(
            f"{path} is not a file of plain tensors, and anything else in it could run code: save "
            "the network's state_dict with torch.save and nothing beside it"
        ) from error
    except (RuntimeError, EOFError, OSError, ValueError) as error:
        raise CheckpointError(
            f"{path} is damaged or cut off ({error}); download it again"
        ) from error
    plain = (
        isinstance(state, dict)
        and state
        and all(isinstance(key, str) and isinstance(value, Tensor) for key, value in state.items())
    )
    if not plain:
        raise CheckpointError(
            f"{path} must hold a state_dict, names and tensors; it holds {type(state).__name__}"
        )
    state = {key: value.float() for key, value in state.items()}
    for key, value in state.items():
        if not torch.isfinite(value).all():
            raise CheckpointError(f"{path}: {key} has values that are not finite")
    return state
