"""A whole run: every part of a recipe, and what must hold between them.

Each part refuses what makes no sense in itself; `checks.py` refuses what does not go together.
"""

from __future__ import annotations

import re
from pathlib import Path

from pydantic.dataclasses import dataclass

from t2l.config.base import AnyBase, BaseModelConfig
from t2l.config.baselines import BaselinesConfig
from t2l.config.checks import problem_of
from t2l.config.encoder import EncoderConfig
from t2l.config.evaluation import BundleConfig, EvaluationConfig, StudyConfig
from t2l.config.fields import STRICT, Text
from t2l.config.hypernetwork import HypernetworkOptions, TargetConfig
from t2l.config.plan import PlanConfig
from t2l.config.sft import SftConfig, TrainerConfig
from t2l.config.tasks import AnyTasks, TasksConfig
from t2l.config.template import AnyTemplate, ArrowConfig

_FOLDER = re.compile(r"^[a-z0-9]+(?:[-.][a-z0-9]+)*$")


@dataclass(frozen=True, config=STRICT)
class Config:
    """A whole run.

    :param runs: where checkpoints go, and results unless they are published.
    :param publish: whether results go to `training/results`, which the report is made from; a name
        is a folder in there.
    """

    runs: Text
    publish: bool | str = False
    tasks: AnyTasks = TasksConfig()
    base: AnyBase = BaseModelConfig()
    template: AnyTemplate = ArrowConfig()
    encoder: EncoderConfig = EncoderConfig()
    target: TargetConfig = TargetConfig()
    hypernetwork: HypernetworkOptions = HypernetworkOptions()
    sft: SftConfig = SftConfig()
    trainer: TrainerConfig = TrainerConfig()
    evaluation: EvaluationConfig = EvaluationConfig()
    baselines: BaselinesConfig = BaselinesConfig()
    study: StudyConfig = StudyConfig()
    bundle: BundleConfig = BundleConfig()
    plan: PlanConfig = PlanConfig()

    def __post_init__(self) -> None:
        if isinstance(self.publish, str) and not _FOLDER.match(self.publish):
            raise ValueError(
                f"publish {self.publish!r} must be true, false or a folder's name such as smollm2"
            )
        problem = problem_of(self)
        if problem is not None:
            raise ValueError(problem)

    @property
    def run_dir(self) -> Path:
        """Where this run keeps its checkpoints and results."""
        return Path(self.runs)

    @property
    def assets_dir(self) -> Path:
        """Where what ships lies: bundles, encoders and the base model."""
        return Path(self.bundle.assets)
