"""`python -m t2l map BUNDLE`: the map of a bundle's training tasks, which the page at `/` shows."""

from __future__ import annotations

import argparse
from pathlib import Path

from t2l.export.bundle.task_map import write_map


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's own options to its parser."""
    command.add_argument("bundle", type=Path, help="its folder, hypernets/NAME/VERSION")
    command.add_argument(
        "--assets", type=Path, help="folder that gets maps/ (default: the one with hypernets/)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Draw a bundle's training tasks in two dimensions.

    Prints where the map is.

    :raises BundleError: for a bundle that says nothing of its training tasks.
    """
    folder = arguments.bundle.resolve()
    print(write_map(folder, arguments.assets or folder.parents[2]))
