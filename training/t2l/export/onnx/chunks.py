"""A hypernetwork as a body and head chunks, for networks that one isolate cannot hold.

    body     embedding [1, dim] -> features.<module>, one for every module
    stages   if the body is too large itself: graphs that go on with what those before them gave
    chunk    features.<module> -> blocks of its tensors, each [rows, columns]

A chunk is a small graph of its own with a range of one head's columns. The runtime takes one after
the other: it runs the chunk, writes each block to its columns of the tensor's rows, and lets go of
the weights, so that the largest chunk, not the network, decides the memory. Chunks of a tensor come
in order and tile it. They compute what the whole graph computes, to the bit.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

import torch
from onnx import TensorProto

from t2l.export.onnx.body import (
    EMBEDDING,
    FEATURES,
    MIN_COLUMNS,
    Step,
    body_steps,
    features_shape,
)
from t2l.export.onnx.heads import SCALES, Piece, add_piece, whole_pieces
from t2l.export.onnx.hypernet import exportable, head_kind
from t2l.graph.builder import GraphBuilder
from t2l.hypernet.hypernetwork import Hypernetwork

BODY_BYTES = 4 * 2**20
CHUNK_BYTES = 3_900_000
"""What `npm run bench` shows to fit an isolate beside an encoder: larger ones are faster, but the
runtime holds a chunk several times, and some of those before it."""


@dataclass(frozen=True)
class Chunk:
    """One chunk.

    :param data: the graph's bytes.
    :param offsets: tensor -> the column at which its block begins.
    """

    data: bytes
    offsets: Mapping[str, int]


def build_body(network: Hypernetwork, chunk_bytes: int = BODY_BYTES) -> list[bytes]:
    """The graphs from the embedding to every module's features; the same at every precision.

    :param chunk_bytes: about how large the weights of one graph may be; a step of the body is not
        cut, but for its last layer.
    :return: the body, and the stages that follow it if there are any.
    """
    network = exportable(network)
    groups: list[list[Step]] = [[]]
    for step in body_steps(network, chunk_bytes):
        weights = sum(known.weights for known in groups[-1])
        if groups[-1] and weights + step.weights > chunk_bytes:
            groups.append([])
        groups[-1].append(step)
    shapes: dict[str, Sequence[int | str]] = {EMBEDDING: [1, network.config.embedding_dim]}
    for step in itertools.chain(*groups):
        shapes |= step.outputs
    return [
        _stage(network, group, itertools.chain(*groups[number + 1 :]), shapes)
        for number, group in enumerate(groups)
    ]


def _stage(
    network: Hypernetwork,
    steps: list[Step],
    later: Iterable[Step],
    shapes: Mapping[str, Sequence[int | str]],
) -> bytes:
    """One graph of the body: it gives what later ones take, and features."""
    graph = GraphBuilder(f"t2l-{network.config.variant}-body")
    made = [name for step in steps for name in step.outputs]
    wanted = {name for step in later for name in step.inputs}
    values: dict[str, str] = {}
    for name in dict.fromkeys(name for step in steps for name in step.inputs):
        if name not in made:
            values[name] = graph.input(name, TensorProto.FLOAT, shapes[name])
    with torch.no_grad():
        for step in steps:
            values |= step.add(graph, values)
    for name in made:
        if name in wanted or name.startswith(FEATURES):
            graph.output(name, values[name], TensorProto.FLOAT, shapes[name])
    return graph.serialise()


def build_chunks(
    network: Hypernetwork,
    precision: str,
    *,
    chunk_bytes: int | None = None,
    input_bits: int = 8,
) -> Iterator[Chunk]:
    """The chunks of every head, modules in target order, made one at a time.

    :param chunk_bytes: about how large a chunk may be with what it gives, by default `CHUNK_BYTES`.
    :param input_bits: as in `build_hypernet_graph`.
    """
    kind = head_kind(precision, input_bits)
    network = exportable(network)
    most = CHUNK_BYTES if chunk_bytes is None else chunk_bytes
    for index in range(len(network.target.modules)):
        for whole in whole_pieces(network, index):
            for piece in _split(network, whole, precision, most):
                yield _chunk(network, piece, kind)


def head_bytes(network: Hypernetwork, precision: str) -> int:
    """About how many bytes the weights and tables of all heads take."""
    pieces = [
        p for index in range(len(network.target.modules)) for p in whole_pieces(network, index)
    ]
    return sum((p.stop - p.start) * _column_bytes(network, p, precision) for p in pieces)


def _split(
    network: Hypernetwork, whole: Piece, precision: str, chunk_bytes: int
) -> Iterator[Piece]:
    """Pieces of nearly equal width, each of at most `chunk_bytes` of weights, tables and outputs.

    With S a column gives a value for every layer and rank, more bytes than its weights have.
    """
    columns = whole.stop - whole.start
    least = math.ceil(MIN_COLUMNS / _product_columns(network, whole))
    column = _column_bytes(network, whole, precision) + _output_bytes(network, whole)
    most = max(least, chunk_bytes // column)
    count = max(1, min(math.ceil(columns / most), columns // least))
    edges = [columns * number // count for number in range(count + 1)]
    for start, stop in zip(edges, edges[1:], strict=False):
        yield Piece(whole.module, whole.sides, start, stop)


def _product_columns(network: Hypernetwork, piece: Piece) -> int:
    """Columns of the product for one column of a piece."""
    return network.target.rank if piece.sides == "AB" and network.config.variant == "M" else 1


def _output_bytes(network: Hypernetwork, piece: Piece) -> int:
    """Bytes that the product gives for one column of a piece."""
    target = network.target
    if piece.sides in SCALES:
        return 4 * target.layers
    ranks = 1 if network.config.variant == "L" or piece.sides != "AB" else target.rank
    if network.config.variant == "S":
        ranks = target.rank
    return 4 * target.layers * ranks * len(piece.sides)


def _column_bytes(network: Hypernetwork, piece: Piece, precision: str) -> int:
    config, target = network.config, network.target
    weights = config.head_in * (4 if precision == "float32" else 1)
    if piece.sides in SCALES:
        return weights + 4 * target.layers * (2 if piece.sides == "M" else 1)
    tables = int(config.has_offsets) + int(config.per_layer_gain)
    values = len(piece.sides) * (target.rank if config.variant == "S" or piece.sides == "AB" else 1)
    return weights * _product_columns(network, piece) + tables * 4 * target.layers * values


def _chunk(network: Hypernetwork, piece: Piece, kind: str) -> Chunk:
    module = network.target.modules[piece.module]
    graph = GraphBuilder(f"t2l-{network.config.variant}-head")
    shape = features_shape(network)
    features = graph.input(f"{FEATURES}{module.name}", TensorProto.FLOAT, shape)
    offsets = {}
    with torch.no_grad():
        for block in add_piece(graph, network, piece, features, kind):
            size = [block.rows, block.columns]
            value = graph.op("Reshape", block.value, graph.const(size))
            graph.output(block.tensor, value, TensorProto.FLOAT, size)
            offsets[block.tensor] = block.offset
    return Chunk(graph.serialise(), offsets)
