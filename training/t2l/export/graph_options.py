"""Command-line options on how graphs are written, the same wherever a bundle is made."""

from __future__ import annotations

import argparse

from t2l.export.graphs import GraphOptions
from t2l.export.onnx.hypernet import PRECISIONS


def add_graph_options(command: argparse.ArgumentParser) -> None:
    """Options on how graphs are written."""
    command.add_argument("--precision", choices=PRECISIONS, action="append", help="default: all")
    command.add_argument("--chunked", action="store_true", default=None, help="whatever the size")
    command.add_argument("--whole", action="store_false", dest="chunked", help="whatever the size")
    command.add_argument("--chunk-bytes", type=int, help="default: 4 MB")
    command.add_argument("--overwrite", action="store_true", help="only if it was never released")


def graph_options(arguments: argparse.Namespace) -> GraphOptions:
    """What `add_graph_options` asked for."""
    precisions = tuple(arguments.precision or PRECISIONS)
    return GraphOptions(precisions, arguments.chunked, arguments.chunk_bytes)
