"""`python -m t2l rows FOLDER`: the rows of tasks in Text-to-LoRA's layout, through `datasets`."""

from __future__ import annotations

import argparse
from pathlib import Path

from t2l.tasks.hub_rows import fetch_rows, from_folder, from_hub


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's own options to its parser."""
    command.add_argument(
        "where", metavar="FOLDER", type=Path, help="of tasks, each a folder with metadata.yaml"
    )
    command.add_argument(
        "--tasks",
        default="",
        help="some of them, NAME,NAME (default: those that the paper trains and selects on)",
    )
    command.add_argument(
        "--from", dest="source", type=Path, help="folder of the data sets (default: the hub)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Fetch the examples of published tasks, for the source `metadata`.

    Prints how many each task got.

    :raises TaskFileError: for what cannot be had or is of another layout.
    """
    source = from_hub if arguments.source is None else from_folder(arguments.source)
    names = [name for name in arguments.tasks.split(",") if name]
    written = fetch_rows(arguments.where, names, source)
    for name, count in written.items():
        print(f"{name}  {count} rows")
    if not written:
        print("every task has rows already")
