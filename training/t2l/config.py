"""Typed configuration: one YAML file describes a whole run, from the base model to the bundle.

Every stage takes the part it needs. Unknown keys and wrong types are refused with their place in
the file, and the resolved values are saved beside each checkpoint.
"""

import hashlib
import json
from dataclasses import asdict
from pathlib import Path
from typing import Any

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

_STRICT = ConfigDict(extra="forbid")


@dataclass(frozen=True, config=_STRICT)
class TasksConfig:
    """Which tasks there are.

    :param limit: about how many tasks to keep, or None for all.
    :param seed: of the choice of compositions and of the split.
    :param descriptions: training descriptions per task, encoded once.
    """

    limit: int | None = None
    seed: int = 0
    descriptions: int = 12


@dataclass(frozen=True, config=_STRICT)
class BaseModelConfig:
    """The tiny base model and its training on few-shot episodes.

    :param id: repository name written into adapters.
    :param hidden: width; a multiple of heads.
    :param steps: optimizer steps.
    :param episodes: episodes a step.
    :param pairs: most input/output pairs in an episode; demonstrations run from 0 to pairs - 1.
    :param row: most tokens in an episode; tasks with long answers get fewer pairs.
    :param matrix_lr: Muon's learning rate, for the matrices inside the blocks.
    :param lr: AdamW's learning rate, for embeddings and norms.
    """

    id: str = "t2l-edge/t2l-mini-base"
    hidden: int = 192
    layers: int = 6
    heads: int = 4
    intermediate: int = 512
    steps: int = 2000
    episodes: int = 32
    pairs: int = 6
    row: int = 128
    matrix_lr: float = 5e-3
    lr: float = 3e-3
    warmup: int = 50
    decay_from: float = Field(default=0.5, ge=0, le=1)
    clip: float = 1.0
    seed: int = 0


@dataclass(frozen=True, config=_STRICT)
class TargetConfig:
    """What the adapters are for.

    :param alpha: training-time scale times the rank; export folds the scale into B.
    """

    modules: tuple[str, ...] = ("q_proj", "v_proj")
    rank: int = 8
    alpha: float = 16.0
    use_rslora: bool = False


@dataclass(frozen=True, config=_STRICT)
class HypernetworkOptions:
    """Shape of the hypernetwork; the meaning of each is in `hypernetwork.py`."""

    variant: str = "S"
    latent: int = 128
    head_in: int = 512
    dropout: float = 0.05
    static_bias: bool = False
    per_layer_bias: bool = True


@dataclass(frozen=True, config=_STRICT)
class SftConfig:
    """Meta-training of the hypernetwork through the frozen base model.

    :param tasks: tasks a step.
    :param examples: examples of each task a step.
    :param lr: peak AdamW learning rate.
    :param decay_from: share of the steps after which the rate falls linearly to zero.
    :param whitening: shrinkage of the whitening of vectors (`whitening.py`), None for none.
    :param norm_penalty: weight of the mean square of the generated values.
    """

    steps: int = 3000
    tasks: int = 24
    examples: int = 4
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.01
    warmup: int = 100
    decay_from: float = Field(default=0.4, ge=0, le=1)
    clip: float = 1.0
    whitening: float | None = 1e-3
    norm_penalty: float = 0.0
    seed: int = 0


@dataclass(frozen=True, config=_STRICT)
class EvaluationConfig:
    """How a bundle is measured on tasks it has never seen.

    :param samples: fresh inputs a task.
    :param descriptions: held-out phrasings a task, used in turn.
    :param tasks: how many unseen tasks, None for all.
    :param seen_tasks: how many training tasks to measure beside them.
    :param shots: demonstrations in the prompt of the few-shot baseline.
    """

    samples: int = 40
    descriptions: int = 5
    tasks: int | None = None
    seen_tasks: int = 60
    shots: int = 3
    seed: int = 1000

    def __post_init__(self) -> None:
        if self.samples % self.descriptions:
            raise ValueError("samples must be a multiple of descriptions, which take turns")


@dataclass(frozen=True, config=_STRICT)
class BundleConfig:
    """The exported bundle's name and place."""

    name: str = "t2l-mini"
    version: str = "1.0.0"
    assets: str = "../src/assets"


@dataclass(frozen=True, config=_STRICT)
class Config:
    """A whole run; `runs` is where checkpoints and results go."""

    runs: str
    tasks: TasksConfig = TasksConfig()
    base: BaseModelConfig = BaseModelConfig()
    target: TargetConfig = TargetConfig()
    hypernetwork: HypernetworkOptions = HypernetworkOptions()
    sft: SftConfig = SftConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    bundle: BundleConfig = BundleConfig()

    @property
    def run_dir(self) -> Path:
        """Where this run keeps its checkpoints and results."""
        return Path(self.runs)

    @property
    def assets_dir(self) -> Path:
        """Where what ships lies: bundles, encoders and the base model."""
        return Path(self.bundle.assets)


class ConfigError(ValueError):
    """A configuration file that cannot be used; the message names key, problem and remedy."""


def load_config(path: Path) -> Config:
    """Read and check a configuration file.

    :param path: YAML file; relative folders inside it count from the folder it lies in.
    :raises ConfigError: if the file is missing, is not YAML, or has unknown or wrong values.
    """
    try:
        values = yaml.safe_load(path.read_text(encoding="utf-8"))
    except FileNotFoundError as error:
        raise ConfigError(f"{path}: no such configuration file") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    try:
        config = TypeAdapter(Config).validate_python(values)
    except ValidationError as error:
        problems = "; ".join(
            f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors()
        )
        raise ConfigError(f"{path}: {problems}") from error
    return resolve(config, path.parent)


def resolve(config: Config, folder: Path) -> Config:
    """The same configuration with its folders made absolute."""
    values = asdict(config)
    values["runs"] = str((folder / config.runs).resolve())
    values["bundle"]["assets"] = str((folder / config.bundle.assets).resolve())
    return TypeAdapter(Config).validate_python(values)


def config_json(config: Any) -> str:
    """Canonical JSON of any configuration dataclass."""
    return json.dumps(asdict(config), sort_keys=True, separators=(",", ":"))


def config_digest(config: Config) -> str:
    """sha256 of what determines a run's result; folders do not."""
    values = asdict(config)
    del values["runs"], values["bundle"]["assets"]
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
