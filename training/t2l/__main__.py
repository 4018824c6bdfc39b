"""The command line: `python -m t2l STAGE --config FILE`. It parses; the stages do the work."""

import argparse
import logging
from collections.abc import Callable
from pathlib import Path

from t2l import stages
from t2l.config import Config, ConfigError, load_config

STAGES: dict[str, Callable[[Config], None]] = {
    "base": stages.base,
    "encode": stages.encode,
    "sft": stages.sft,
    "evaluate": stages.evaluate,
    "export": stages.export,
    "all": stages.everything,
}


def main() -> None:
    """Parse the command line and run one stage."""
    parser = argparse.ArgumentParser(prog="python -m t2l", description=__doc__)
    parser.add_argument("stage", choices=list(STAGES))
    parser.add_argument("--config", type=Path, required=True, help="YAML file, see configs/")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(name)s %(message)s")
    try:
        config = load_config(arguments.config)
    except ConfigError as error:
        parser.error(str(error))
    STAGES[arguments.stage](config)


if __name__ == "__main__":
    main()
