"""The command line: `python -m t2l STAGE --config FILE`, and commands on bundles and targets.

It parses; the stages and commands do the work. What cannot be done is one sentence on stderr and
exit code 2.
"""

import argparse
import logging
import sys
from collections.abc import Callable
from functools import partial
from typing import Any, NoReturn

from t2l.commands.table import COMMANDS, Stage, Tool, imported

PROGRAM = "python -m t2l"
Refuse = Callable[[str], NoReturn]


class CommandParser(argparse.ArgumentParser):
    """A parser that adds the options of its command once it is the one that was named.

    :param options: place of the function that adds them.
    """

    def __init__(self, *, options: str | None = None, **how: Any) -> None:
        super().__init__(**how)
        self._options = options

    def parse_known_args(self, args: Any = None, namespace: Any = None) -> Any:
        """As argparse has it: the outer parser calls this of the parser that was named."""
        if self._options is not None:
            imported(self._options)(self)
            self._options = None
        return super().parse_known_args(args, namespace)


def outline() -> CommandParser:
    """The parser, which knows names and sentences and has imported nothing that they stand for."""
    parser = CommandParser(prog=PROGRAM, description=__doc__)
    commands = parser.add_subparsers(dest="stage", required=True)
    for name, command in COMMANDS.items():
        commands.add_parser(name, help=command.help, options=command.options)
    return parser


def main() -> None:
    """Parse the command line and run one stage or command."""
    arguments = outline().parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    given = vars(arguments)
    name = given.pop("stage")
    command, refuse = COMMANDS[name], partial(end_refused, name)
    if isinstance(command, Stage):
        run_stage(refuse, command, given)
    else:
        run_tool(refuse, command, arguments)


def end_refused(name: str, sentence: str) -> NoReturn:
    """End with what cannot be done, without the usage, which was right.

    :param name: of the stage or command.
    """
    print(f"{PROGRAM} {name}: error: {sentence}", file=sys.stderr)
    raise SystemExit(2)


def run_stage(refuse: Refuse, stage: Stage, given: dict[str, Any]) -> None:
    """Run a stage, once the recipe, its tasks and its base model can be used."""
    from t2l.config.errors import Refusal
    from t2l.config.recipe import load_config

    try:
        recipe = given.pop("config")
        config = load_config(recipe)
        if stage.names_recipe:
            given["recipe"] = recipe
        if stage.needs_base:
            imported("t2l.evaluate.checks:check")(config)
        imported(stage.place)(config, **given)
    except (Refusal, FileExistsError, FileNotFoundError) as error:
        refuse(str(error))


def run_tool(refuse: Refuse, tool: Tool, arguments: argparse.Namespace) -> None:
    """Run a command whose errors are sentences for the person who gave it."""
    from t2l.encoders.service import ServiceError

    try:
        imported(tool.place)(arguments)
    except (ValueError, ServiceError, OSError) as error:
        refuse(str(error))


if __name__ == "__main__":
    main()
