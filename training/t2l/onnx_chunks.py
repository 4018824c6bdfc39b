"""A hypernetwork as a body and head chunks, for networks that one isolate cannot hold.

    body     embedding [1, dim] -> features.<module>, one for every module
    chunk    features.<module> -> blocks of its tensors, each [rows, columns]

A chunk is a small graph of its own with a range of one head's columns. The runtime takes one after
the other: it runs the chunk, writes each block to its columns of the tensor's rows, and lets go of
the weights, so that the largest chunk, not the network, decides the memory. Chunks of a tensor come
in order and tile it. They compute what the whole graph computes, to the bit.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import torch
from onnx import TensorProto

from t2l.hypernetwork import Hypernetwork
from t2l.onnx_body import add_body
from t2l.onnx_build import GraphBuilder
from t2l.onnx_heads import Piece, add_piece, whole_pieces
from t2l.onnx_hypernet import exportable, head_kind

DEFAULT_CHUNK_BYTES = 8 * 2**20
MIN_CHUNK_COLUMNS = 128
"""Narrower products are blocked differently along the features, which rounds differently."""


@dataclass(frozen=True)
class Chunk:
    """One chunk.

    :param data: the graph's bytes.
    :param offsets: tensor -> the column at which its block begins.
    """

    data: bytes
    offsets: Mapping[str, int]


def build_body(network: Hypernetwork) -> bytes:
    """The graph from the embedding to every module's features; the same at every precision."""
    network = exportable(network)
    config, target = network.config, network.target
    graph = GraphBuilder(f"t2l-{config.variant}-body")
    embedding = graph.input("embedding", TensorProto.FLOAT, [1, config.embedding_dim])
    with torch.no_grad():
        features = add_body(graph, network, embedding)  # [M, N, ...]
        for index, module in enumerate(target.modules):
            mine = graph.op("Gather", features, graph.const(index), axis=0)
            shape = _features_shape(network)
            graph.output(_features_name(module.name), mine, TensorProto.FLOAT, shape)
    return graph.serialise()


def build_chunks(
    network: Hypernetwork,
    precision: str,
    *,
    chunk_bytes: int = DEFAULT_CHUNK_BYTES,
    input_bits: int = 8,
) -> Iterator[Chunk]:
    """The chunks of every head, modules in target order, made one at a time.

    :param chunk_bytes: about how large a chunk's weights may be.
    :param input_bits: as in `build_hypernet_graph`.
    """
    kind = head_kind(precision, input_bits)
    network = exportable(network)
    for index in range(len(network.target.modules)):
        for whole in whole_pieces(network, index):
            for piece in _split(network, whole, precision, chunk_bytes):
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
    """Pieces of nearly equal width, each of at most `chunk_bytes` of weights and tables."""
    columns = whole.stop - whole.start
    least = math.ceil(MIN_CHUNK_COLUMNS / _product_columns(network, whole))
    most = max(least, chunk_bytes // _column_bytes(network, whole, precision))
    count = max(1, min(math.ceil(columns / most), columns // least))
    edges = [columns * number // count for number in range(count + 1)]
    for start, stop in zip(edges, edges[1:], strict=False):
        yield Piece(whole.module, whole.sides, start, stop)


def _product_columns(network: Hypernetwork, piece: Piece) -> int:
    """Columns of the product for one column of a piece."""
    return network.target.rank if piece.sides == "AB" and network.config.variant == "M" else 1


def _column_bytes(network: Hypernetwork, piece: Piece, precision: str) -> int:
    config, target = network.config, network.target
    weights = config.head_in * (4 if precision == "float32" else 1)
    tables = int(config.has_offsets) + int(config.per_layer_gain)
    values = len(piece.sides) * (target.rank if config.variant == "S" or piece.sides == "AB" else 1)
    return weights * _product_columns(network, piece) + tables * 4 * target.layers * values


def _chunk(network: Hypernetwork, piece: Piece, kind: str) -> Chunk:
    module = network.target.modules[piece.module]
    graph = GraphBuilder(f"t2l-{network.config.variant}-head")
    shape = _features_shape(network)
    features = graph.input(_features_name(module.name), TensorProto.FLOAT, shape)
    offsets = {}
    with torch.no_grad():
        for block in add_piece(graph, network, piece, features, kind):
            size = [block.rows, block.columns]
            value = graph.op("Reshape", block.value, graph.const(size))
            graph.output(block.tensor, value, TensorProto.FLOAT, size)
            offsets[block.tensor] = block.offset
    return Chunk(graph.serialise(), offsets)


def _features_name(module: str) -> str:
    return f"features.{module}"


def _features_shape(network: Hypernetwork) -> list[int | str]:
    config, target = network.config, network.target
    between = {"L": [], "M": [2], "S": [2, target.rank]}[config.variant]
    return [target.layers, *between, config.head_in]
