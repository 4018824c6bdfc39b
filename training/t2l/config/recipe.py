"""What a recipe can say, from one place: the configuration, its parts, and how it is read.

Each part is a file of this room with every key and its default: `tasks.py`, `base.py`,
`template.py`, `encoder.py`, `hypernetwork.py` (and the target), `sft.py` (and the trainer),
`baselines.py`, `evaluation.py` (and studies and the bundle), `plan.py` (what is assumed).
"""

from t2l.config.base import AnyBase, BaseModelConfig, PretrainedConfig
from t2l.config.config import Config
from t2l.config.digest import config_digest, config_json
from t2l.config.encoder import EncoderConfig
from t2l.config.errors import ConfigError
from t2l.config.evaluation import (
    OF_BASELINES,
    OF_ORACLES,
    BundleConfig,
    EvaluationConfig,
    FitSamples,
    StudyConfig,
)
from t2l.config.hypernetwork import HypernetworkOptions, TargetConfig
from t2l.config.load import (
    config_of,
    load_config,
    merged_values,
    read_yaml,
    resolve,
    study_values,
)
from t2l.config.plan import PlanConfig
from t2l.config.sft import SftConfig, TrainerConfig
from t2l.config.tasks import AnyTasks, BehaviourTasks, FileTasks, LanguageTasks, TasksConfig
from t2l.config.template import AnyTemplate, ArrowConfig, ChatConfig, DropConfig

__all__ = [
    "OF_BASELINES",
    "OF_ORACLES",
    "AnyBase",
    "AnyTasks",
    "AnyTemplate",
    "ArrowConfig",
    "BaseModelConfig",
    "BehaviourTasks",
    "BundleConfig",
    "ChatConfig",
    "Config",
    "ConfigError",
    "DropConfig",
    "EncoderConfig",
    "EvaluationConfig",
    "FileTasks",
    "FitSamples",
    "HypernetworkOptions",
    "LanguageTasks",
    "PlanConfig",
    "PretrainedConfig",
    "SftConfig",
    "StudyConfig",
    "TargetConfig",
    "TasksConfig",
    "TrainerConfig",
    "config_digest",
    "config_json",
    "config_of",
    "load_config",
    "merged_values",
    "read_yaml",
    "resolve",
    "study_values",
]
