"""The command line of `python -m t2l bridge`."""

from __future__ import annotations

import argparse
import json
import os
from pathlib import Path

from t2l.api.bundle_generator import BundleGenerator
from t2l.bridge.bundle import build_bridge
from t2l.bridge.source import FORMS, open_source
from t2l.encoders.embedding_service import DIALECTS, EmbeddingService
from t2l.tasks.descriptions import TaskDescriptions, read_descriptions

TOKEN_VARIABLE = "T2L_FROM_TOKEN"  # for the service at --from-url
OWN_TOKEN_VARIABLE = "T2L_ENCODER_TOKEN"  # for the one at --encoder-url


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's own options to its parser."""
    command.add_argument("bundle", type=Path, help="folder of the bundle: ROOT/NAME/VERSION")
    command.add_argument("--from", dest="source", required=True, metavar="ENCODER", help=FORMS)
    command.add_argument(
        "--descriptions", type=Path, required=True, help="JSON lines, see docs/importing.md"
    )
    command.add_argument("--out", type=Path, required=True, help="folder of the new bundle")
    command.add_argument("--per-task", type=int, default=16, help="descriptions used of each task")
    command.add_argument(
        "--encoder-url", help="service of the bundle's own encoder, if it needs one"
    )
    command.add_argument("--encoder-dialect", choices=DIALECTS, default="openai")
    command.add_argument("--from-url", help="service that runs ENCODER now")
    command.add_argument("--from-dialect", choices=DIALECTS, help="default: by the kind of ENCODER")
    command.add_argument("--overwrite", action="store_true", help="only if it was never released")


def run(arguments: argparse.Namespace) -> None:
    """Give a bundle another encoder.

    Prints what was measured on the held-out tasks.

    :raises ValueError: for anything that cannot be bridged, naming file and cure.
    """
    if arguments.per_task < 1:
        raise ValueError(f"--per-task must be at least 1, got {arguments.per_task}")
    tasks = tuple(
        TaskDescriptions(task.task, task.texts[: arguments.per_task])
        for task in read_descriptions(arguments.descriptions)
    )
    bundle = BundleGenerator(
        arguments.bundle,
        encoder_url=arguments.encoder_url,
        encoder_dialect=arguments.encoder_dialect,
        encoder_token=os.environ.get(OWN_TOKEN_VARIABLE) if arguments.encoder_url else None,
    )
    out = arguments.out.resolve()
    source = open_source(arguments.source, _service(arguments), out.parents[1])
    report = build_bridge(bundle, source, tasks, out, overwrite=arguments.overwrite)
    print(json.dumps(report.to_json(), indent=2))


def _service(arguments: argparse.Namespace) -> EmbeddingService | None:
    if arguments.from_url is None:
        return None
    usual = "workers-ai" if arguments.source.startswith("workers-ai:") else "openai"
    token = os.environ.get(TOKEN_VARIABLE)
    return EmbeddingService(arguments.from_url, arguments.from_dialect or usual, token)
