"""Typed configuration: one YAML file describes a whole run, from the base model to the bundle.

Every stage takes the part it needs. Unknown keys and wrong types are refused with their place in
the file, and the resolved values are saved beside each checkpoint. All options stand in this one
file, so that it is the reference of what a recipe can say, and is as long as that.
"""

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Literal

import yaml
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from t2l.config.baselines import BaselinesConfig

_STRICT = ConfigDict(extra="forbid")

Module = Literal["q_proj", "k_proj", "v_proj", "o_proj", "gate_proj", "up_proj", "down_proj"]


@dataclass(frozen=True, config=_STRICT)
class TasksConfig:
    """Which tasks there are.

    :param limit: about how many tasks to keep, or None for all.
    :param seed: of the choice of compositions and of the split.
    :param descriptions: training descriptions per task, encoded once.
    :param wider: further compositions of each shape that the hypernetwork trains on, at most.
    :param wider_descriptions: training descriptions of each of them.
    """

    limit: int | None = None
    seed: int = 0
    descriptions: int = 16
    wider: int = 200
    wider_descriptions: int = 4


@dataclass(frozen=True, config=_STRICT)
class BaseModelConfig:
    """The tiny base model and its training on few-shot episodes.

    :param id: repository name written into adapters.
    :param hidden: width; a multiple of heads.
    :param steps: optimizer steps.
    :param coded: share of the steps whose episodes begin with control codes.
    :param coded_episodes: episodes of such a step.
    :param coded_pairs: most input/output pairs in one of them.
    :param episodes: episodes of a step without codes.
    :param pairs: most pairs in one of them; demonstrations run from 0 to pairs - 1.
    :param row: most tokens in an episode; tasks with long answers get fewer pairs.
    :param singles: share of episodes drawn from single-step tasks alone, besides their own share.
    :param continue_from: folder of a base model whose weights training begins with; rows of new
        tokens are drawn. None draws all weights.
    :param matrix_lr: Muon's learning rate, for the matrices inside the blocks.
    :param lr: AdamW's learning rate, for embeddings and norms.
    """

    id: str = "t2l-edge/t2l-mini-base"
    hidden: int = 192
    layers: int = 6
    heads: int = 4
    intermediate: int = 512
    steps: int = Field(default=3000, ge=0)
    coded: float = Field(default=0.8, ge=0, le=1)
    coded_episodes: int = 32
    coded_pairs: int = 2
    episodes: int = 24
    pairs: int = 6
    row: int = 160
    singles: float = Field(default=0.3, ge=0, le=1)
    continue_from: str | None = None
    matrix_lr: float = 3e-3
    lr: float = 2e-3
    warmup: int = 50
    decay_from: float = Field(default=0.5, ge=0, le=1)
    clip: float = 1.0
    seed: int = 0


@dataclass(frozen=True, config=_STRICT)
class EncoderConfig:
    """Which encoder reads descriptions, and its tuning (`encoder_tuning.py`).

    :param kind: a name in `encoders/__init__.py`; the rest is for `tuned`.
    :param steps: optimizer steps.
    :param texts: descriptions a step.
    :param general: sentences about other things a step, held to the original vectors.
    :param drift: weight of the squared distance that holds them.
    :param smoothing: of the readers' labels.
    :param lr: of the encoder's layers.
    :param reader_lr: of the readers.
    """

    kind: Literal["tuned", "minilm", "bag_of_words", "base_last_token"] = "tuned"
    steps: int = Field(default=800, ge=1)
    texts: int = 64
    general: int = 16
    drift: float = 5.0
    smoothing: float = 0.05
    lr: float = 1e-4
    reader_lr: float = 3e-3
    weight_decay: float = 0.01
    warmup: int = 50
    decay_from: float = Field(default=0.3, ge=0, le=1)
    clip: float = 1.0
    seed: int = 0


@dataclass(frozen=True, config=_STRICT)
class TargetConfig:
    """What the adapters are for.

    :param alpha: training-time scale times the rank; export folds the scale into B.
    """

    modules: tuple[Module, ...] = ("q_proj", "v_proj")
    rank: int = 8
    alpha: float = 16.0
    use_rslora: bool = False


@dataclass(frozen=True, config=_STRICT)
class HypernetworkOptions:
    """Shape of the hypernetwork; the meaning of each is in `hypernet/hypernetwork.py`."""

    variant: Literal["L", "M", "S"] = "S"
    latent: int = 128
    head_in: int = 512
    dropout: float = 0.05
    static_bias: bool = False
    per_layer_bias: bool = True
    head_init: Literal["zero", "normal"] = "zero"
    modulation: Literal["none", "diagonal"] = "none"
    bounded: bool = False


@dataclass(frozen=True, config=_STRICT)
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
    :param distill: weight of the distance to the told base model's hidden states, 0 for none.
    :param contrast: weight of the shortfall of `margin` (`objectives/sft.py`), 0 for none.
    :param margin: how much likelier an answer must be under its own adapter, nats a token.
    :param warm_start: begin with the network that reconstruction trained.
    :param training_tasks: use this many of the training tasks, None for all.
    :param seed: of the initial weights, the batches and dropout.
    """

    steps: int = 1600
    tasks: int = 32
    examples: int = 3
    matrix_lr: float | None = 3e-3
    lr: float = 1e-3
    betas: tuple[float, float] = (0.9, 0.98)
    weight_decay: float = 0.01
    warmup: int = 50
    decay_from: float = Field(default=0.4, ge=0, le=1)
    clip: float = 1.0
    whitening: float | None = 1e-3
    whiten_within: bool = True
    mix: bool = True
    noise: float = Field(default=0.3, ge=0)
    distill: float = Field(default=0.0, ge=0)
    contrast: float = Field(default=0.0, ge=0)
    margin: float = 1.0
    warm_start: bool = False
    training_tasks: int | None = None
    seed: int = 0


@dataclass(frozen=True, config=_STRICT)
class EvaluationConfig:
    """How a run is measured on tasks it has never seen.

    :param samples: fresh inputs a task, for each sampling seed.
    :param descriptions: phrasings a task, used in turn.
    :param tasks: how many unseen tasks, None for all.
    :param left_out: how many tasks of left-out shapes.
    :param seen_tasks: how many training tasks to measure beside them.
    :param train_seeds: seeds of the hypernetworks that are trained and measured; the first ships.
    :param sampling_seeds: seeds of samples and descriptions.
    """

    samples: int = 6
    descriptions: int = 3
    tasks: int | None = None
    left_out: int = 48
    seen_tasks: int = 48
    train_seeds: tuple[int, ...] = (0, 1, 2)
    sampling_seeds: tuple[int, ...] = (1000, 1001, 1002)

    def __post_init__(self) -> None:
        if self.samples % self.descriptions:
            raise ValueError("samples must be a multiple of descriptions, which take turns")


@dataclass(frozen=True, config=_STRICT)
class StudyConfig:
    """Ablations (`evaluate/studies.py`), which train many small networks.

    :param steps: SFT steps of a variant.
    :param seeds: training seeds of every variant.
    :param recipe: what all variants change in the run's configuration, so that a study stays
        comparable when the recipe that ships moves on.
    """

    steps: int = 600
    seeds: tuple[int, ...] = (0,)
    recipe: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, config=_STRICT)
class BundleConfig:
    """The exported bundle's name and place."""

    name: str = "t2l-mini"
    version: str = "1.0.0"
    assets: str = "../src/assets"


@dataclass(frozen=True, config=_STRICT)
class Config:
    """A whole run.

    :param runs: where checkpoints go, and results unless they are published.
    :param publish: whether results go to `training/results`, which the report is made from.
    """

    runs: str
    publish: bool = False
    tasks: TasksConfig = TasksConfig()
    base: BaseModelConfig = BaseModelConfig()
    encoder: EncoderConfig = EncoderConfig()
    target: TargetConfig = TargetConfig()
    hypernetwork: HypernetworkOptions = HypernetworkOptions()
    sft: SftConfig = SftConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    baselines: BaselinesConfig = BaselinesConfig()
    study: StudyConfig = StudyConfig()
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
    except OSError as error:
        raise ConfigError(f"{path}: not a file that can be read: {error.strerror}") from error
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: not valid YAML: {error}") from error
    try:
        config = config_of(values)
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from error
    return resolve(config, path.parent)


def resolve(config: Config, folder: Path) -> Config:
    """The same configuration with its folders made absolute."""
    values = asdict(config)
    values["runs"] = str((folder / config.runs).resolve())
    if config.base.continue_from is not None:
        values["base"]["continue_from"] = str((folder / config.base.continue_from).resolve())
    values["bundle"]["assets"] = str((folder / config.bundle.assets).resolve())
    return config_of(values)


def config_of(values: dict[str, Any]) -> Config:
    """A configuration from plain values.

    :raises ConfigError: if there are unknown or wrong values.
    """
    try:
        return TypeAdapter(Config).validate_python(values)
    except ValidationError as error:
        raise ConfigError(_problems(error)) from error


def _problems(error: ValidationError) -> str:
    return "; ".join(
        f"{'.'.join(map(str, item['loc'])) or 'file'}: {item['msg']}" for item in error.errors()
    )


def config_json(config: Any) -> str:
    """Canonical JSON of any configuration dataclass."""
    return json.dumps(asdict(config), sort_keys=True, separators=(",", ":"))


def config_digest(config: Config, leave_out: Sequence[str] = ()) -> str:
    """sha256 of what determines a run's result; folders do not.

    :param leave_out: further options, `part.name`.
    """
    values = asdict(config)
    for place in leave_out:
        part, name = place.split(".")
        del values[part][name]
    del values["runs"], values["bundle"]["assets"], values["base"]["continue_from"]
    text = json.dumps(values, sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
