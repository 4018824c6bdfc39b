"""The table of the command line names functions that exist, and says of them what they say."""

from __future__ import annotations

import inspect

import pytest

from t2l.commands.table import COMMANDS, Stage, imported


@pytest.mark.parametrize("name", COMMANDS)
def test_help_is_the_first_line_of_the_docstring_of_what_runs(name: str) -> None:
    command = COMMANDS[name]
    text = imported(command.place).__doc__
    assert text is not None and text.splitlines()[0] == command.help


@pytest.mark.parametrize("name", [name for name, one in COMMANDS.items() if isinstance(one, Stage)])
def test_a_stage_takes_the_options_that_it_is_given_by_name(name: str) -> None:
    from argparse import ArgumentParser

    stage = COMMANDS[name]
    parser = ArgumentParser()
    imported(stage.options)(parser)
    given = {action.dest for action in parser._actions} - {"help"}
    if isinstance(stage, Stage) and stage.names_recipe:
        given.add("recipe")
    first, *others = inspect.signature(imported(stage.place)).parameters
    assert given == {"config", *others} and first == "config"
