"""`python -m t2l map BUNDLE`: the map of a bundle's training tasks, which the page at `/` shows."""

from __future__ import annotations

import argparse
from pathlib import Path

from torch import Tensor

from t2l.api.bundle_generator import BundleGenerator
from t2l.config.recipe import load_config
from t2l.encoders.corpus import Corpus
from t2l.evaluate.run import training_corpus
from t2l.export.bundle.task_map import write_map


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's own options to its parser."""
    command.add_argument("bundle", type=Path, help="its folder, hypernets/NAME/VERSION")
    command.add_argument(
        "--config",
        type=Path,
        help="its recipe: the map then has a description of every task, which the page fills in",
    )
    command.add_argument(
        "--assets", type=Path, help="folder that gets maps/ (default: the one with hypernets/)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Draw a bundle's training tasks in two dimensions.

    Prints where the map is.

    :raises BundleError: for a bundle that says nothing of its training tasks, or of another recipe.
    :raises ConfigError: for a recipe that cannot be used.
    """
    folder, recipe = arguments.bundle.resolve(), arguments.config
    corpus = None if recipe is None else training_corpus(load_config(recipe))
    print(draw_map(folder, arguments.assets or folder.parents[2], corpus))


def draw_map(folder: Path, assets: Path, corpus: Corpus | None) -> Path:
    """Write the map of a bundle among the assets; returns the file.

    :param folder: of the bundle, hypernets/NAME/VERSION.
    :param corpus: its training tasks, which the map then describes in the words that the fit finds
        best.
    :raises BundleError: as `write_map`.
    """
    if corpus is None:
        return write_map(folder, assets)
    generator = BundleGenerator(folder)

    def score(vector: Tensor) -> float:
        try:
            return generator.generate(vector).fit.score or 0.0
        except ValueError:  # an update far beyond those of training
            return 0.0

    return write_map(folder, assets, corpus, score)
