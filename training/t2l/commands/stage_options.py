"""Options of stages on the command line, apart from the stages so that their help needs neither.

What an option is called is what the stage's function calls its parameter.
"""

from __future__ import annotations

import argparse
from pathlib import Path

MINI = Path(__file__).parents[2] / "configs" / "mini.yaml"


def add_config(command: argparse.ArgumentParser) -> None:
    """The recipe, which every stage takes."""
    command.add_argument("--config", type=Path, default=MINI, help="YAML file, see configs/")


def add_evaluate(command: argparse.ArgumentParser) -> None:
    """Options of `evaluate`."""
    add_config(command)
    command.add_argument(
        "--bundle", type=Path, help="measure this bundle instead of the run's networks"
    )
    command.add_argument("--precision", default="int8", help="graph of the bundle")
    command.add_argument(
        "--seed", type=int, help="sampling seed for the bundle, by default the first"
    )


def add_export(command: argparse.ArgumentParser) -> None:
    """Options of `export`."""
    add_config(command)
    _add_real(command)


def add_refit(command: argparse.ArgumentParser) -> None:
    """Options of `refit`."""
    command.add_argument(
        "folder", metavar="bundle", type=Path, help="folder of the bundle as it is"
    )
    _add_real(command)
    add_config(command)


def add_oracles(command: argparse.ArgumentParser) -> None:
    """Options of `oracles`."""
    add_config(command)
    command.add_argument(
        "--processes",
        type=_count,
        default=1,
        help="how many train at once, each with a base model of its own; by default 1",
    )


def add_study(command: argparse.ArgumentParser) -> None:
    """Options of `study`."""
    command.add_argument("name", help="a study of configs/studies.yaml")
    add_config(command)


def _count(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text}")
    return int(text)


def _add_real(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--real",
        type=Path,
        help="gzipped JSON lines of descriptions of other tasks, to be scored too",
    )
