"""`python -m t2l plan`: what a recipe takes, in memory and time, before anything starts.

    here         memory on this machine, and its speed if `--measure` asks for a few real steps
    on GPUs      memory, hours and cost on some of a kind: for a model of the hub, or if asked for

The base model's shape is enough for most of it. A run that the GPUs have no room for is refused.
"""

from __future__ import annotations

import argparse
import json

from t2l.commands.plan_json import plan_json
from t2l.commands.plan_make import make_plan
from t2l.commands.plan_options import add_options, asked_of
from t2l.commands.plan_text import plan_text
from t2l.config.recipe import ConfigError, load_config

__all__ = ["add_options", "run"]


def run(arguments: argparse.Namespace) -> None:
    """Say what memory and time a recipe takes, before anything starts.

    :raises ConfigError: for a configuration, tasks or a base model that cannot be used, and for
        GPUs that have no room for it.
    """
    config = load_config(arguments.config)
    asked = asked_of(arguments, config)
    try:
        plan = make_plan(config, asked, arguments.measure)
    except ConfigError as error:
        raise ConfigError(f"{arguments.config}: {error}") from None
    print(json.dumps(plan_json(plan), indent=2) if arguments.json else plan_text(plan))
