"""Graphs in chunks: blocks go where the offsets say, and those that do not tile are refused.

What chunks compute is compared with whole graphs in test_onnx_chunks.py.
"""

from typing import Any

import numpy as np
import pytest
import torch
from onnx import TensorProto
from torch import Tensor

from t2l.export.bundle.graphs import run_graphs
from t2l.export.bundle.manifest import BundleError
from t2l.graph.builder import GraphBuilder

SIZE, HEADS, RANK, LAYERS = 5, 4, 2, 3


def chunk(features: str, blocks: dict[str, tuple[int, int]]) -> bytes:
    """A head whose every block is [rows, columns] of the features' first column."""
    graph = GraphBuilder("chunk")
    graph.input(features, TensorProto.FLOAT, [LAYERS, HEADS])
    for name, (rows, columns) in blocks.items():
        weight = np.arange(columns * HEADS, dtype=np.float32).reshape(columns, HEADS)
        value = graph.linear(features, name, weight, None)  # [layers, columns]
        value = graph.op("Slice", value, graph.const([0]), graph.const([rows]))
        graph.output(name, value, TensorProto.FLOAT, [rows, columns])
    return graph.serialise()


def chunked(files: dict[str, bytes], chunks: list[dict[str, Any]]) -> dict[str, Tensor]:
    graph = GraphBuilder("body")
    x = graph.input("embedding", TensorProto.FLOAT, [1, SIZE])
    weight = np.ones((LAYERS * HEADS, SIZE), dtype=np.float32)
    value = graph.op("Reshape", graph.linear(x, "w", weight, None), graph.const([LAYERS, HEADS]))
    graph.output("features.q_proj", value, TensorProto.FLOAT, [LAYERS, HEADS])
    module = {"name": "q_proj", "path": "self_attn.q_proj", "in": 6, "out": 3}
    manifest = {
        "name": "tiny",
        "target": {"layers": LAYERS, "rank": RANK, "modules": [module]},
        "graphs": {"float32": {"body": "body", "chunks": chunks}},
    }
    read = {"body": graph.serialise(), **files}.__getitem__
    return run_graphs(manifest, read, "float32", torch.ones(SIZE))


B = {"file": "b", "offsets": {"q_proj.B": 0}}
FILES = {
    "left": chunk("features.q_proj", {"q_proj.A": (3, 5)}),
    "right": chunk("features.q_proj", {"q_proj.A": (3, 7)}),
    "b": chunk("features.q_proj", {"q_proj.B": (3, 6)}),
    "few": chunk("features.q_proj", {"q_proj.A": (2, 7)}),
    "alien": chunk("features.q_proj", {"k_proj.A": (3, 7)}),
    "lost": chunk("features.k_proj", {"q_proj.A": (3, 7)}),
    "broken": b"not a graph",
}


def a(file: str, offset: int, tensor: str = "q_proj.A") -> dict[str, Any]:
    return {"file": file, "offsets": {tensor: offset}}


def test_blocks_go_to_their_columns_of_the_flat_tensor() -> None:
    made = chunked(FILES, [a("left", 0), a("right", 5), B])
    sums = [SIZE * sum(range(n * HEADS, (n + 1) * HEADS)) for n in range(7)]
    row = torch.tensor([*sums[:5], *sums], dtype=torch.float32)  # [rank * in]
    assert {name: tuple(t.shape) for name, t in made.items()} == {
        "q_proj.A": (LAYERS, RANK, 6),
        "q_proj.B": (LAYERS, 3, RANK),
    }
    assert torch.equal(made["q_proj.A"], row.reshape(1, RANK, 6).expand(LAYERS, -1, -1))


@pytest.mark.parametrize(
    ("chunks", "message"),
    [
        ([a("left", 0), a("right", 6), B], "right puts q_proj.A into columns 6 to 13.* 5 of 12"),
        ([a("left", 0), a("left", 0), B], "left puts q_proj.A into columns 0 to 5.* 5 of 12"),
        ([a("right", 5), a("left", 0), B], "right puts q_proj.A into columns 5 to 12.* 0 of 12"),
        ([a("right", 0), a("right", 7), B], "columns 7 to 14; the next free column is 7 of 12"),
        ([a("left", 0), B], "leave q_proj.A incomplete: 5 of 12 columns"),
        ([a("left", 0), a("right", 5)], "leave q_proj.B incomplete"),
        ([a("left", 0), a("few", 5), B], "few gives q_proj.A as .2, 7., not with 3 rows"),
        ([a("alien", 0, "k_proj.A"), B], "alien gives k_proj.A, which is no tensor"),
        ([a("left", 0, "q_proj.B"), B], "left gives q_proj.A, but its offsets are for q_proj.B"),
        ([a("lost", 0), B], "lost takes features.k_proj; .* gives features.q_proj"),
        ([a("broken", 0), B], "broken is no graph that ONNX Runtime can load"),
    ],
)
def test_chunks_that_do_not_tile_a_tensor_are_refused(
    chunks: list[dict[str, Any]], message: str
) -> None:
    with pytest.raises(BundleError, match=message):
        chunked(FILES, chunks)
