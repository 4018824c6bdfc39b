"""The command line of `python -m t2l import-sakana`."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

from t2l.encoders.embedding_service import DIALECTS, service_of
from t2l.export.graph_options import add_graph_options, graph_options
from t2l.sakana.importing import ImportOptions, import_checkpoint
from t2l.tasks.descriptions import read_descriptions

TOKEN_VARIABLE = "T2L_ENCODER_TOKEN"


def add_options(command: argparse.ArgumentParser) -> None:
    """Add the command's own options to its parser."""
    command.add_argument(
        "folder", type=Path, help="with args.yaml, adapter_config.json, hypermod.pt"
    )
    command.add_argument(
        "--out", type=Path, required=True, help="folder of the bundle: ROOT/NAME/VERSION"
    )
    command.add_argument("--target", type=Path, help="target spec; default: the one that ships")
    command.add_argument("--descriptions", type=Path, help="JSON lines of the training tasks")
    command.add_argument("--encoder-url", help="service that runs the checkpoint's encoder")
    command.add_argument("--encoder-dialect", choices=DIALECTS, default="openai")
    add_graph_options(command)


def run(arguments: argparse.Namespace) -> None:
    """Make a bundle of a released checkpoint.

    Prints the bundle's digest.

    :raises ValueError: for anything that cannot be imported, naming file and cure.
    """
    graphs = graph_options(arguments)
    url = arguments.encoder_url
    token = None if url is None else os.environ.get(TOKEN_VARIABLE)
    service = service_of(url, arguments.encoder_dialect, token)
    tasks = () if arguments.descriptions is None else read_descriptions(arguments.descriptions)
    options = ImportOptions(
        out=arguments.out.resolve(),
        target=arguments.target,
        graphs=graphs,
        precision=graphs.precisions[-1],
        tasks=tasks,
        service=service,
        overwrite=arguments.overwrite,
    )
    print(import_checkpoint(arguments.folder, options))
