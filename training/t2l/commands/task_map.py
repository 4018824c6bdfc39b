"""`python -m t2l map BUNDLE`: the map of a bundle's training tasks, which the page at `/` shows."""

from __future__ import annotations

import argparse
from pathlib import Path

from t2l.export.bundle.task_map import write_map

COMMAND = "map"


def add_parser(commands: argparse._SubParsersAction) -> None:
    """Add the command to the command line."""
    command = commands.add_parser(COMMAND, help="Draw a bundle's training tasks in two dimensions.")
    command.add_argument("bundle", type=Path, help="its folder, hypernets/NAME/VERSION")
    command.add_argument(
        "--assets", type=Path, help="folder that gets maps/ (default: the one with hypernets/)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Write the map and print where it is.

    :raises BundleError: for a bundle that says nothing of its training tasks.
    """
    folder = arguments.bundle.resolve()
    print(write_map(folder, arguments.assets or folder.parents[2]))
