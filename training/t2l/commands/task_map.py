"""`python -m t2l map BUNDLE`: the map of a bundle's training tasks, which the page at `/` shows."""

from __future__ import annotations

import argparse
from pathlib import Path

from t2l.config.recipe import load_config
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
    print(write_map(folder, arguments.assets or folder.parents[2], corpus))
