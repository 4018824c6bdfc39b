"""Options of `plan`, and what they ask for on GPUs."""

from __future__ import annotations

import argparse
from dataclasses import dataclass

from t2l.commands.plan_gpus import DEFAULT, GPUS, Gpu, gpu_named
from t2l.commands.stage_options import add_config
from t2l.config.recipe import Config, ConfigError

UTILISATION = 40.0  # per cent; large models are trained at 30 to 50
NUMBERS = (1, 8)
MOST_GPUS = 1024  # in one run: beyond that something else was meant


@dataclass(frozen=True)
class Asked:
    """GPUs that a run is planned for.

    :param numbers: how many, each a run of its own.
    :param utilisation: share of the GPU's speed that is reached, above 0 and at most 1.
    :param price: US dollars an hour of one GPU.
    :param priced: where the price is from.
    """

    numbers: tuple[int, ...]
    gpu: Gpu
    utilisation: float
    price: float
    priced: str


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's own options to its parser."""
    add_config(command)
    command.add_argument(
        "--measure", action="store_true", help="take three steps, to know this machine's speed"
    )
    command.add_argument(
        "--gpus", metavar="N,M", help="numbers of GPUs to plan for, by default 1,8"
    )
    command.add_argument(
        "--gpu",
        metavar="NAME",
        help=f"{', '.join(gpu.name for gpu in GPUS)}; by default {DEFAULT}",
    )
    command.add_argument(
        "--utilisation",
        type=float,
        metavar="PERCENT",
        help=f"of the GPU's speed that is reached, by default {UTILISATION:.0f}",
    )
    command.add_argument(
        "--price", type=float, metavar="DOLLARS", help="of a GPU's hour, in place of the table's"
    )
    command.add_argument("--json", action="store_true", help="print data instead of text")


def asked_of(arguments: argparse.Namespace, config: Config) -> Asked | None:
    """What is asked for on GPUs: always something for a model of the hub.

    :raises ConfigError: for an option out of its range, saying what would be right.
    """
    given = (arguments.gpus, arguments.gpu, arguments.utilisation, arguments.price)
    if config.base.kind != "hub" and all(value is None for value in given):
        return None
    if config.trainer.precision == "float32":
        raise ConfigError(
            "trainer.precision float32 cannot be planned for GPUs, whose speeds here are those of "
            "bfloat16; set it to bfloat16 or auto"
        )
    gpu = gpu_named(arguments.gpu or DEFAULT)
    percent = UTILISATION if arguments.utilisation is None else arguments.utilisation
    if not 0 < percent <= 100:
        raise ConfigError(f"--utilisation {percent:g} must be above 0 and at most 100 per cent")
    price = gpu.price if arguments.price is None else arguments.price
    if not 0 <= price < float("inf"):
        raise ConfigError(f"--price {price:g} must be a number of dollars, 0 or more")
    priced = f"{gpu.source}, {gpu.read}" if arguments.price is None else "--price"
    numbers = NUMBERS if arguments.gpus is None else _numbers(arguments.gpus)
    return Asked(numbers, gpu, percent / 100, price, priced)


def _numbers(text: str) -> tuple[int, ...]:
    found = []
    for part in text.split(","):
        digits = part.strip()
        if not (digits.isascii() and digits.isdigit() and 0 < int(digits) <= MOST_GPUS):
            raise ConfigError(
                f"--gpus {text} must be whole numbers from 1 to {MOST_GPUS} with commas between, "
                "such as 1,8"
            )
        found.append(int(digits))
    return tuple(dict.fromkeys(found))
