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
from t2l.config.recipe import Config
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
    """All stages in order; what is finished is not done again."""
    check_shippable(config)  # or the last stage would refuse it
    for stage in (base, encoder, encode, oracles, sft, baselines, evaluate, export):
        logger.info("stage %s", stage.__name__)
        stage(config)
