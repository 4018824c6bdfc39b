"""Writes a bundle's graphs, whole or in chunks, and refuses those that do not do what PyTorch does.

A graph that fits beside everything else in an isolate is one file. A larger one becomes a body,
with stages if need be, which all precisions share, and chunks (`onnx/chunks.py`); only one of these
graphs is in memory at a time, here as at the edge.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from torch import Tensor

from t2l.export.bundle.data import folded_adapter
from t2l.export.bundle.graphs import run_graphs
from t2l.export.bundle.manifest import BundleError, file_entry
from t2l.export.graph_size import fits_whole
from t2l.export.onnx.chunks import BODY_BYTES, build_body, build_chunks, head_bytes
from t2l.export.onnx.hypernet import (
    MIN_INT8_COSINE,
    PRECISIONS,
    build_hypernet_graph,
    change_cosines,
)
from t2l.hypernet.head_rounding import rounded_heads
from t2l.hypernet.hypernetwork import Hypernetwork

logger = logging.getLogger(__name__)

MAX_FLOAT32_ERROR = 1e-5  # of a tensor's largest value, PyTorch against ONNX Runtime
BODY_FILE = "hypernet.body.onnx"

Outputs = list[dict[str, tuple[Tensor, ...]]]


@dataclass(frozen=True)
class GraphOptions:
    """How graphs are written.

    :param precisions: which there are to be, of `PRECISIONS`.
    :param chunked: whether in chunks; None decides by size, for each precision.
    :param chunk_bytes: about how large a chunk may be; None for the usual size.
    """

    precisions: tuple[str, ...] = PRECISIONS
    chunked: bool | None = None
    chunk_bytes: int | None = None

    def __post_init__(self) -> None:
        unknown = [name for name in self.precisions if name not in PRECISIONS]
        if unknown or not self.precisions:
            raise BundleError(
                f"precisions must be of {', '.join(PRECISIONS)}, got {', '.join(self.precisions)}"
            )
        if self.chunk_bytes is not None and self.chunk_bytes < 1:
            raise BundleError(f"a chunk must have at least 1 byte, got {self.chunk_bytes}")


def write_graphs(
    exact: Hypernetwork,
    embeddings: Tensor,
    folder: Path,
    options: GraphOptions,
    typical: Tensor | None = None,
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Write the graphs of a network into `folder` and check them.

    :param exact: the network in float64.
    :param embeddings: what the graphs are checked on, [n, dim].
    :param typical: of descriptions like those to come, [n, dim]: for them heads are rounded to
        bytes so that outputs stay right (`head_rounding.py`); without, each weight by itself.
    :return: the manifest's `graphs`, and the `files` entries of what was written.
    :raises BundleError: for a graph that does not reproduce PyTorch.
    """
    wanted = [folded_adapter(exact, row) for row in embeddings]
    graphs: dict[str, Any] = {}
    files: dict[str, Any] = {}
    for precision in options.precisions:
        chunked = options.chunked
        if chunked is None:
            chunked = not fits_whole(head_bytes(exact, precision), exact.target.parameters)
        int8 = precision == "int8"
        network = rounded_heads(exact, typical) if int8 and typical is not None else exact
        for bits in (8, 16) if int8 else (8,):
            written = dict(_write(network, precision, bits, chunked, options.chunk_bytes, folder))
            graphs[precision] = written.pop("graph")
            found = _run(exact, graphs, folder, precision, embeddings)
            problem = _problem(exact, precision, found, wanted)
            if problem is None:
                break
            logger.info("%s with %d bits: %s", precision, bits, problem)
        if problem is not None:
            raise BundleError(problem)
        files |= written
    return graphs, files


def _write(
    network: Hypernetwork,
    precision: str,
    bits: int,
    chunked: bool,
    chunk_bytes: int | None,
    folder: Path,
) -> Iterator[tuple[str, Any]]:
    """Write one precision; gives the entry of every file, and at the end `graph`."""

    def put(file: str, data: bytes) -> tuple[str, Any]:
        (folder / file).write_bytes(data)
        return file, file_entry(data)

    if not chunked:
        file = f"hypernet.{precision}.onnx"
        yield put(file, build_hypernet_graph(network, precision, bits))
        yield "graph", {"file": file}
        return
    body, *stages = build_body(network, BODY_BYTES if chunk_bytes is None else chunk_bytes)
    yield put(BODY_FILE, body)
    document: dict[str, Any] = {"body": BODY_FILE}
    for number, data in enumerate(stages):
        file = f"hypernet.stage.{number:03d}.onnx"
        yield put(file, data)
        document.setdefault("stages", []).append(file)
    chunks = []
    parts = build_chunks(network, precision, chunk_bytes=chunk_bytes, input_bits=bits)
    for number, chunk in enumerate(parts):
        file = f"hypernet.{precision}.{number:03d}.onnx"
        yield put(file, chunk.data)
        chunks.append({"file": file, "offsets": dict(chunk.offsets)})
    yield "graph", {**document, "chunks": chunks}


def _run(
    network: Hypernetwork, graphs: dict[str, Any], folder: Path, precision: str, rows: Tensor
) -> Outputs:
    manifest = {"name": folder.name, "graphs": graphs, "target": network.target.to_manifest()}
    names, sides = network.target.module_names, network.target.sides
    outputs = []
    for row in rows:
        found = run_graphs(manifest, lambda f: (folder / f).read_bytes(), precision, row)
        outputs.append({name: tuple(found[f"{name}.{side}"] for side in sides) for name in names})
    return outputs


def _problem(network: Hypernetwork, precision: str, found: Outputs, wanted: Outputs) -> str | None:
    """What is wrong with a graph's outputs, if anything."""
    for ours, exact in zip(found, wanted, strict=True):
        for name, sides in exact.items():
            if precision == "float32":
                for value, right in zip(ours[name], sides, strict=True):
                    scale = right.abs().max().clamp(min=1e-30)
                    error = float((value - right).abs().max() / scale)
                    if error > MAX_FLOAT32_ERROR:
                        return f"{name}: the float32 graph is off by {error:.1e}"
            else:
                cosine = float(change_cosines(network, name, ours[name], sides).min())
                logger.info("%s: int8 cosine %.6f", name, cosine)
                if cosine < MIN_INT8_COSINE:
                    return f"{name}: the int8 graph's worst layer has cosine {cosine:.5f}"
    return None
