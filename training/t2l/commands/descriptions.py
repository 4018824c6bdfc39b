"""`python -m t2l descriptions`: the training tasks of a run with their training descriptions.

A bridge of its bundle is best fitted on them: they are what the hypernetwork was trained on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from t2l.commands.stage_options import add_config
from t2l.config.recipe import load_config
from t2l.evaluate.run import DESCRIPTION_SEED, tasks_of


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's own options to its parser."""
    add_config(command)
    command.add_argument("--out", type=Path, required=True, help="JSON lines")


def run(arguments: argparse.Namespace) -> None:
    """Write the training tasks' descriptions.

    That is one line a task, whole or not at all.

    :raises ConfigError: for a configuration that cannot be used.
    """
    config = load_config(arguments.config)
    lines = [
        json.dumps(
            {
                "task": task.name,
                "descriptions": task.descriptions(
                    "train", config.tasks.descriptions, DESCRIPTION_SEED
                ),
            }
        )
        for task in tasks_of(config).train
    ]
    partial = arguments.out.with_suffix(".partial")
    partial.write_text("\n".join(lines) + "\n", encoding="utf-8")
    partial.replace(arguments.out)
