"""The heads of a hypernetwork as parts of graphs: features in, columns of its tensors out.

A piece is a range of one head's columns for one side, or for both sides where M or S make A and B
of a square module with the very same weights: two products would store, and ONNX Runtime pack,
those weights twice. A column of a product does not depend on its neighbours, so a head in pieces
gives the same bits as a whole one. alpha / r (or alpha / sqrt r) and the static gate go into B, so
a consumer applies exactly 1. In int8 the weights are bytes with a scale per column and the input is
quantised at run time, with one scale per product, or one per row with 16 bits.

                 weights of a piece        product                      kept as
    L, M    A    [columns, H] of [R, in]   [N, columns]                 [N, R, in]
            B    [columns, H] of [out, R]  [N, columns]                 [N, out, R]
    S       A    [columns, H] of [in]      [N, R, columns]              [N, R, in]
            B    [columns, H] of [out]     [N, R, columns], transposed  [N, out, R]
    both    M    [R, columns, H]           [N, AB, R, columns]          as S
            S    [columns, H]              [N, AB, R, columns]          as S
    scale        [columns, H]              [N, columns]                 [N, W], M of DoRA, L of IA3
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from t2l.base.target import TargetModule
from t2l.graph.builder import GraphBuilder, to_numpy
from t2l.hypernet.hypernetwork import Hypernetwork

SCALES = ("M", "L")  # sides that have no ranks


@dataclass(frozen=True)
class Piece:
    """Columns `start` to `stop` of one module's head.

    :param module: index in the target.
    :param sides: "A", "B", "AB" where both come from the same weights, or one of `SCALES`.
    """

    module: int
    sides: str
    start: int
    stop: int


@dataclass(frozen=True)
class Block:
    """What a piece gives for one tensor, seen as [rows, columns] at a column of the whole.

    :param tensor: name of the tensor, such as `q_proj.A`.
    :param value: name of the value in the graph, of any shape.
    """

    tensor: str
    value: str
    rows: int
    offset: int
    columns: int


def whole_pieces(network: Hypernetwork, index: int) -> tuple[Piece, ...]:
    """One module's head in as few pieces as it has products."""
    target = network.target
    module, rank = target.modules[index], target.rank
    scales = tuple(
        Piece(index, side, 0, shape[-1])
        for side, shape in target.shapes(module).items()
        if side in SCALES
    )
    if target.output == "ia3":
        return scales
    if _shares_head(network, module):
        return (Piece(index, "AB", 0, module.in_features), *scales)
    factor = 1 if network.config.variant == "S" else rank
    widths = (("A", module.in_features), ("B", module.out_features))
    return (*(Piece(index, side, 0, width * factor) for side, width in widths), *scales)


def add_piece(
    graph: GraphBuilder, network: Hypernetwork, piece: Piece, features: str, kind: str
) -> list[Block]:
    """Add one piece's product to a graph.

    :param features: one module's features, [N, ...].
    :param kind: "float32", "int8" or "int16", which is int8 with an input of 16 bits.
    """
    if piece.sides in SCALES:
        return [_scale(graph, network, piece, features, kind)]
    features = _ranked_rows(graph, network, features)
    if piece.sides == "AB":
        return _both(graph, network, piece, features, kind)
    variant, target = network.config.variant, network.target
    rows = features
    if variant != "L":  # [N, AB, ...]
        rows = graph.op("Gather", features, graph.const("AB".index(piece.sides)), axis=1)
    weight, bias = _side_weights(network, piece)
    y = _product(graph, rows, _name(network, piece), weight, bias, kind)
    columns = piece.stop - piece.start
    if variant != "S":
        return [_finish(graph, network, piece, piece.sides, y, target.layers, piece.start, columns)]
    return [_side_of_ranks(graph, network, piece, piece.sides, y)]


def _ranked_rows(graph: GraphBuilder, network: Hypernetwork, features: str) -> str:
    """The features of A and B in the shape that they have of a LoRA's network."""
    variant, target = network.config.variant, network.target
    if target.output == "lora" or variant == "L":
        return features
    rows = 2 if variant == "M" else 2 * target.rank
    ends = (graph.const([0]), graph.const([rows]), graph.const([1]))
    features = graph.op("Slice", features, *ends)
    if variant == "M":
        return features
    shape = [target.layers, 2, target.rank, network.config.head_in]
    return graph.op("Reshape", features, graph.const(shape))


def _scale(
    graph: GraphBuilder, network: Hypernetwork, piece: Piece, features: str, kind: str
) -> Block:
    """Columns of L or M: what the head gives, at the base model's norms, and where it starts."""
    module = network.target.modules[piece.module]
    rows = features
    if network.config.variant != "L":  # the last of [N, ..., H]
        rows = graph.op("Gather", features, graph.const(-1), axis=1)
    columns = slice(piece.start, piece.stop)
    weight = to_numpy(network.scale_weight(module)[columns])
    y = _product(graph, rows, _name(network, piece), weight, None, kind)
    tensor = f"{module.name}.{piece.sides}"
    start = 1 + network.offset_scale[module.name][:, columns]  # [N, columns]
    if network.target.output == "dora":
        norms = network.norms[module.name][:, columns]
        y = graph.op("Mul", y, graph.weight(f"norms.{tensor}", to_numpy(norms)))
        start = start * norms
    y = graph.op("Add", y, graph.weight(f"start.{tensor}", to_numpy(start)))
    return Block(tensor, y, network.target.layers, piece.start, piece.stop - piece.start)


def _both(
    graph: GraphBuilder, network: Hypernetwork, piece: Piece, x: str, kind: str
) -> list[Block]:
    """A and B of a square module in one product over [N, AB, ...] rows."""
    target = network.target
    head = network.head(target.modules[piece.module].name)
    weight, bias = head.weight, head.bias
    columns = slice(piece.start, piece.stop)
    if network.config.variant == "M":
        weight = weight.unflatten(0, (target.rank, -1))[:, columns].flatten(0, 1)
        bias = None if bias is None else bias.unflatten(0, (target.rank, -1))[:, columns].flatten()
    else:
        weight, bias = weight[columns], None if bias is None else bias[columns]
    bias = None if bias is None else to_numpy(bias)
    y = _product(graph, x, _name(network, piece), to_numpy(weight), bias, kind)
    if network.config.variant == "M":
        width = piece.stop - piece.start
        y = graph.op("Reshape", y, graph.const([target.layers, 2, target.rank, width]))
    a, b = (graph.op("Gather", y, graph.const(side), axis=1) for side in (0, 1))
    b = graph.op("Mul", b, graph.scalar(_factor(network, piece.module)))
    return [
        _side_of_ranks(graph, network, piece, side, value) for side, value in (("A", a), ("B", b))
    ]


def _side_of_ranks(
    graph: GraphBuilder, network: Hypernetwork, piece: Piece, side: str, y: str
) -> Block:
    """A side of [N, R, columns]: kept so for A, [N, columns, R] for B."""
    layers, rank = network.target.layers, network.target.rank
    columns = piece.stop - piece.start
    if side == "A":
        return _finish(graph, network, piece, side, y, layers * rank, piece.start, columns)
    y = graph.op("Transpose", y, perm=[0, 2, 1])
    return _finish(graph, network, piece, side, y, layers, piece.start * rank, columns * rank)


def _finish(
    graph: GraphBuilder,
    network: Hypernetwork,
    piece: Piece,
    side: str,
    y: str,
    rows: int,
    offset: int,
    columns: int,
) -> Block:
    """Apply the tables of factors and offsets, cut to the block."""
    module = network.target.modules[piece.module]
    block = Block(f"{module.name}.{side}", y, rows, offset, columns)
    config = network.config
    if not config.has_offsets:
        return block
    shape = _shape(network, piece, side)

    def cut(table: torch.Tensor) -> np.ndarray:
        cells = table.reshape(rows, -1)[:, offset : offset + columns]
        return to_numpy(cells.reshape(shape))

    if config.per_layer_gain:
        gain = (network.gain_a if side == "A" else network.gain_b)[module.name]
        y = graph.op("Mul", y, graph.weight(f"gain.{block.tensor}", cut(gain)))
    table = (network.offset_a if side == "A" else network.offset_b)[module.name]
    table = table * (1 if side == "A" else network.target.scaling)
    y = graph.op("Add", y, graph.matrix(f"offset.{block.tensor}", cut(table)))
    return Block(block.tensor, y, rows, offset, columns)


def _shape(network: Hypernetwork, piece: Piece, side: str) -> list[int]:
    """Shape of a block's value in the graph."""
    layers, rank = network.target.layers, network.target.rank
    columns = piece.stop - piece.start
    if network.config.variant != "S" and piece.sides != "AB":
        return [layers, columns]
    return [layers, rank, columns] if side == "A" else [layers, columns, rank]


def _side_weights(network: Hypernetwork, piece: Piece) -> tuple[np.ndarray, np.ndarray | None]:
    """Weight [columns, H] and bias of a piece of one side, in the order of the output."""
    module, rank = network.target.modules[piece.module], network.target.rank
    variant, side = network.config.variant, piece.sides
    width = module.in_features if side == "A" else module.out_features
    head = network.head(module.name)
    rows = torch.arange(head.weight.shape[0])
    if variant == "L":
        start = 0 if side == "A" else rank * module.in_features
        rows = rows[start : start + rank * width].unflatten(0, (rank, width))
    elif variant == "M":
        rows = rows.unflatten(0, (rank, -1))[:, :width]
    else:
        rows = rows[:width]
    if side == "B" and variant != "S":  # [R, out] -> [out, R], as PEFT keeps B
        rows = rows.T
    rows = rows.flatten()[piece.start : piece.stop]
    factor = _factor(network, piece.module) if side == "B" else 1
    bias = None if head.bias is None else to_numpy(head.bias[rows] * factor)
    return to_numpy(head.weight[rows] * factor), bias


def _name(network: Hypernetwork, piece: Piece) -> str:
    """Name of a piece's weights in its graph."""
    name = f"head.{network.target.modules[piece.module].name}"
    return name if piece.sides == "AB" else f"{name}.{piece.sides}"


def _shares_head(network: Hypernetwork, module: TargetModule) -> bool:
    """Whether A and B come from the very same weights, so that one copy is to be stored."""
    return network.config.variant != "L" and module.in_features == module.out_features


def _factor(network: Hypernetwork, index: int) -> float:
    """What the generated part of B is multiplied by: the LoRA scale, and the gate if any."""
    gate = float(network.gate[index]) if network.config.static_bias else 1.0
    return network.target.scaling * gate


def _product(
    graph: GraphBuilder, x: str, name: str, weight: np.ndarray, bias: np.ndarray | None, kind: str
) -> str:
    if kind == "int16":
        return graph.linear_split(graph.split(x), name, weight, bias)
    if kind == "int8":
        return graph.linear_int8(graph.quantise(x), name, weight, bias)
    return graph.linear(x, name, weight, bias)
