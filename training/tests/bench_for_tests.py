"""A tiny step of meta-training, as `python -m t2l bench` measures it."""

from __future__ import annotations

import argparse

from t2l.commands.bench.command import add_options
from t2l.commands.bench.sizes import Sizes, sizes_of
from t2l.commands.bench.subject import Subject, prepare

TINY = ("--layers=2", "--width=32", "--tasks=3", "--examples=2", "--length=8", "--rounds=2")


def options_of(*arguments: str) -> argparse.Namespace:
    """What a command line is parsed to."""
    parser = argparse.ArgumentParser()
    add_options(parser)
    return parser.parse_args(arguments)


def tiny_sizes(*more: str) -> Sizes:
    """Two layers of width 32, three tasks of two examples of eight tokens.

    :param more: options that are said after those and win.
    """
    return sizes_of(options_of(*TINY, *more))


def tiny_subject(*more: str) -> Subject:
    """The same with weights."""
    return prepare(tiny_sizes(*more), "cpu")
