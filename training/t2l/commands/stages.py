"""The stages in order, each a function of the configuration: what a stage needs lies on disk."""

import logging
from pathlib import Path

from t2l.commands.encoder_stage import encoder
from t2l.commands.evaluate_stages import (
    evaluate,
    evaluate_bundle,
    report,
    study,
    vectors,
)
from t2l.commands.refit import refit as refit_bundle
from t2l.commands.ship import check_encoder, ship
from t2l.commands.train_stages import base, baselines, encode, oracles, reconstruction, sft
from t2l.config.recipe import Config
from t2l.evaluate.run import (
    load_hypernetwork,
    training_corpus,
    with_seed,
)
from t2l.mini.adopt import adopt as adopt_shipped

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


def adopt(config: Config) -> None:
    """Begin the run with the base model and the encoder that ship."""
    adopt_shipped(config)


def export(config: Config, real: Path | None = None) -> None:
    """Write base model, graph, bundle and demo tasks under the assets folder.

    :param real: descriptions of other tasks, to be scored beside the report's (`evaluate/fit.py`).
    """
    first = with_seed(config, config.evaluation.train_seeds[0])
    ship(first, load_hypernetwork(first), training_corpus(config), real)


def refit(config: Config, folder: Path, real: Path | None = None) -> None:
    """Measure the fit of a bundle anew and write it as version `bundle.version`.

    :param real: as in `export`.
    """
    refit_bundle(config, folder, real)


def everything(config: Config) -> None:
    """All stages in order; what is finished is not done again."""
    check_encoder(config)  # or the last stage would refuse it
    for stage in (base, encoder, encode, oracles, sft, baselines, evaluate, export):
        logger.info("stage %s", stage.__name__)
        stage(config)
