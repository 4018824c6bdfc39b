"""How a run is measured, how its ablations are, and what it ships as."""

from __future__ import annotations

import re
from dataclasses import field
from typing import Any, Literal

from pydantic.dataclasses import dataclass

from t2l.config.fields import STRICT, Count, Natural, Sentence, Text, require_distinct

# as in `export/bundle/manifest.py`, which writes them
_NAME = re.compile(r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$")
_VERSION = re.compile(r"^(0|[1-9]\d*)\.(0|[1-9]\d*)\.(0|[1-9]\d*)(-[0-9A-Za-z.-]+)?$")

# Conditions of `evaluate/conditions` that another stage trains something for.
OF_ORACLES = ("oracle", "mean_oracle", "retrieval", "arrow")
OF_BASELINES = ("multi_task", "hyperdecoder")
Trained = Literal["oracle", "mean_oracle", "retrieval", "arrow", "multi_task", "hyperdecoder"]


@dataclass(frozen=True, config=STRICT)
class FitSamples:
    """How many questions measure the fit (`evaluate/fit.py`): samples of each description.

    :param phrasings: descriptions of every training task.
    :param success: samples of each of them.
    :param calibration: of tasks for selection, four each, where nobody wrote any.
    :param report: of unseen tasks and some training tasks, four each.
    :param others: of every text that describes no task.
    :param levels: of tasks done well, two each, at every strength and size.
    :param level_tasks: how many of these.
    """

    phrasings: Count = 4
    success: Count = 2
    calibration: Count = 8
    report: Count = 8
    others: Count = 8
    levels: Count = 4
    level_tasks: Count = 60


@dataclass(frozen=True, config=STRICT)
class EvaluationConfig:
    """How a run is measured on tasks it has never seen.

    :param samples: fresh inputs a task, for each sampling seed.
    :param descriptions: phrasings a task, used in turn.
    :param tasks: how many unseen tasks, None for all.
    :param left_out: how many tasks of left-out shapes.
    :param seen_tasks: how many training tasks to measure beside them.
    :param train_seeds: seeds of the hypernetworks that are trained and measured; the first ships.
    :param sampling_seeds: seeds of samples and descriptions.
    :param fit: how many questions the fit takes.
    :param leave_out: conditions that take a training of their own and are not measured.
    :param oracle_tasks: how many of the unseen tasks get a LoRA of their own, None for all.
    """

    samples: Count = 6
    descriptions: Count = 3
    tasks: Count | None = None
    left_out: Natural = 48
    seen_tasks: Natural = 48
    train_seeds: tuple[Natural, ...] = (0, 1, 2)
    sampling_seeds: tuple[Natural, ...] = (1000, 1001, 1002)
    fit: FitSamples = FitSamples()
    leave_out: tuple[Trained, ...] = ()
    oracle_tasks: Count | None = None

    def __post_init__(self) -> None:
        if self.samples % self.descriptions:
            raise ValueError(
                f"samples {self.samples} must be a multiple of descriptions "
                f"{self.descriptions}, which take turns"
            )
        require_distinct("train_seeds", self.train_seeds)
        if self.leave_out:
            require_distinct("leave_out", self.leave_out)
        require_distinct("sampling_seeds", self.sampling_seeds)


@dataclass(frozen=True, config=STRICT)
class StudyConfig:
    """Ablations (`evaluate/studies.py`), which train many small networks.

    :param steps: SFT steps of a variant.
    :param seeds: training seeds of every variant.
    :param recipe: what all variants change in the run's configuration, so that a study stays
        comparable when the recipe that ships moves on.
    """

    steps: Natural = 600
    seeds: tuple[Natural, ...] = (0,)
    recipe: dict[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        require_distinct("seeds", self.seeds)


@dataclass(frozen=True, config=STRICT)
class BundleConfig:
    """The exported bundle's name and place.

    :param assets: where it goes; the default is `src/assets` for a recipe in `training/configs`.
    :param default: whether it answers requests that name no hypernetwork.
    :param precisions: which graphs it has; the last is the one that the edge runs unless asked for
        another. A small network's are mostly the same body and offsets, so a second one nearly
        doubles the bundle.
    :param sizes: a sentence for users on the sizes of input that training had and on what happens
        beyond them; None says nothing.
    """

    name: str = "t2l-mini"
    version: str = "1.0.0"
    assets: Text = "../../src/assets"
    default: bool = True
    precisions: tuple[Literal["float32", "int8"], ...] = ("float32", "int8")
    sizes: Sentence | None = None

    def __post_init__(self) -> None:
        if not _NAME.match(self.name):
            raise ValueError(
                f"name {self.name!r} must be lower-case letters and digits, with single dashes or "
                "dots between them, as t2l-mini is"
            )
        if not _VERSION.match(self.version):
            raise ValueError(f"version {self.version!r} must be a semantic one, such as 1.0.0")
        require_distinct("precisions", self.precisions)
