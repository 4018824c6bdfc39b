"""The command line: `python -m t2l STAGE --config FILE`, and commands on bundles and targets.

It parses; the stages and commands do the work. What cannot be done is one sentence on stderr and
exit code 2.
"""

import argparse
import logging
from collections.abc import Callable
from pathlib import Path

from t2l.base.target import TargetError
from t2l.bridge import command as bridge_command
from t2l.commands import descriptions as descriptions_command
from t2l.commands import plan as plan_command
from t2l.commands import stages
from t2l.commands import target as target_command
from t2l.commands import task_map as map_command
from t2l.config.recipe import Config, ConfigError, load_config
from t2l.encoders.service import ServiceError
from t2l.evaluate.checks import check
from t2l.export.bundle.manifest import BundleError
from t2l.sakana import command as import_command
from t2l.template.template import TemplateError

STAGES: dict[str, Callable[[Config], None]] = {
    "adopt": stages.adopt,
    "base": stages.base,
    "encoder": stages.encoder,
    "encode": stages.encode,
    "sft": stages.sft,
    "oracles": stages.oracles,
    "reconstruction": stages.reconstruction,
    "baselines": stages.baselines,
    "evaluate": stages.evaluate,
    "vectors": stages.vectors,
    "export": stages.export,
    "report": stages.report,
    "all": stages.everything,
}
REFUSALS = (
    ConfigError,
    BundleError,
    TargetError,
    TemplateError,
    FileExistsError,
    FileNotFoundError,
)
COMMANDS: dict[str, Callable[[argparse.Namespace], None]] = {
    import_command.COMMAND: import_command.run,
    bridge_command.COMMAND: bridge_command.run,
    descriptions_command.COMMAND: descriptions_command.run,
    plan_command.COMMAND: plan_command.run,
    map_command.COMMAND: map_command.run,
}
WITHOUT_BASE = ("adopt", "report")  # stages that touch neither tasks nor base model
MINI = Path(__file__).parents[1] / "configs" / "mini.yaml"


def main() -> None:
    """Parse the command line and run one stage."""
    parser = argparse.ArgumentParser(prog="python -m t2l", description=__doc__)
    commands = parser.add_subparsers(dest="stage", required=True)
    for name, stage in STAGES.items():
        command = commands.add_parser(name, help=(stage.__doc__ or "").splitlines()[0])
        _add_config(command)
        if name == "evaluate":
            command.add_argument(
                "--bundle", type=Path, help="measure this bundle instead of the run's networks"
            )
            command.add_argument("--precision", default="int8", help="graph of the bundle")
            command.add_argument(
                "--seed", type=int, help="sampling seed for the bundle, by default the first"
            )
        if name == "export":
            _add_real(command)
    again = commands.add_parser(
        "refit", help="Measure the fit of a bundle anew and write its next version."
    )
    again.add_argument("bundle", type=Path, help="folder of the bundle as it is")
    _add_real(again)
    _add_config(again)
    study = commands.add_parser("study", help="Train and measure the variants of a study.")
    study.add_argument("name", help="a study of configs/studies.yaml")
    _add_config(study)
    target_command.add_parser(commands)
    import_command.add_parser(commands)
    bridge_command.add_parser(commands)
    descriptions_command.add_parser(commands, MINI)
    plan_command.add_parser(commands, MINI)
    map_command.add_parser(commands)
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    if arguments.stage == target_command.COMMAND:
        return target_command.run(arguments)
    if arguments.stage in COMMANDS:
        return _run(parser, COMMANDS[arguments.stage], arguments)
    try:
        config = load_config(arguments.config)
        if arguments.stage not in WITHOUT_BASE:
            check(config)
        if arguments.stage == "study":
            stages.study(config, arguments.name)
        elif arguments.stage == "export":
            stages.export(config, arguments.real)
        elif arguments.stage == "refit":
            stages.refit(config, arguments.bundle, arguments.real)
        elif getattr(arguments, "bundle", None) is not None:
            stages.evaluate_bundle(config, arguments.bundle, arguments.precision, arguments.seed)
        else:
            STAGES[arguments.stage](config)
    except REFUSALS as error:
        parser.error(str(error))


def _run(
    parser: argparse.ArgumentParser,
    command: Callable[[argparse.Namespace], None],
    arguments: argparse.Namespace,
) -> None:
    """Run a command whose errors are sentences for the person who gave it."""
    try:
        command(arguments)
    except (ValueError, ServiceError, OSError) as error:
        parser.error(str(error))


def _add_real(command: argparse.ArgumentParser) -> None:
    command.add_argument(
        "--real",
        type=Path,
        help="gzipped JSON lines of descriptions of other tasks, to be scored too",
    )


def _add_config(command: argparse.ArgumentParser) -> None:
    command.add_argument("--config", type=Path, default=MINI, help="YAML file, see configs/")


if __name__ == "__main__":
    main()
