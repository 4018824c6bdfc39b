"""The stages in order, each a function of the configuration: what a stage needs lies on disk."""

import logging

from t2l.commands.encoder_stage import encoder
from t2l.commands.evaluate_stages import (
    evaluate,
    evaluate_bundle,
    report,
    study,
    vectors,
)
from t2l.commands.refit import refit
from t2l.commands.ship import check_shippable, export
from t2l.commands.train_stages import base, baselines, encode, oracles, reconstruction, sft
from t2l.config.recipe import Config, ConfigError
from t2l.evaluate.checks import check
from t2l.mini.adopt import adopt

__all__ = [
    "adopt",
    "base",
    "baselines",
    "encode",
    "encoder",
    "evaluate",
    "evaluate_bundle",
    "everything",
    "export",
    "oracles",
    "reconstruction",
    "refit",
    "report",
    "sft",
    "study",
    "vectors",
]

logger = logging.getLogger(__name__)


def everything(config: Config) -> None:
    """All stages in order; what is finished is not done again.

    :raises ConfigError: for behaviours, which have stages of their own.
    """
    if config.tasks.source == "behaviours":
        raise ConfigError(
            "tasks.source behaviours has no right answers to measure or export by; `all` is not "
            "for it: run the stages replies, encode, sft and behaviours one after the other, each "
            "by `python -m t2l STAGE` with this --config"
        )
    check_shippable(config)  # or the last stage would refuse it
    check(config)
    for stage in (base, encoder, encode, oracles, sft, baselines, evaluate, export):
        logger.info("stage %s", stage.__name__)
        stage(config)
