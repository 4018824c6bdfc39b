"""The entry is the network's own first layer, whether it comes from PyTorch or from a graph."""

from __future__ import annotations

from dataclasses import replace

import pytest
import torch
from test_hypernetwork import network

from t2l.export.bundle.entry import entry_of, entry_of_graph
from t2l.export.onnx.hypernet import build_hypernet_graph
from t2l.graph.builder import GraphBuilder
from t2l.hypernet.hypernetwork import Hypernetwork


def test_it_is_what_the_layer_makes_of_a_vector_with_its_scale() -> None:
    net = network("S")
    vectors = torch.randn(3, net.config.embedding_dim, generator=torch.Generator().manual_seed(1))
    entry = entry_of(net)
    assert entry is not None
    with torch.no_grad():
        wanted = net.task_linear(vectors * net.config.scale).double()
    torch.testing.assert_close(entry(vectors), wanted, atol=5e-3, rtol=5e-3)  # float16 weights
    assert torch.equal(entry.weight, entry.weight.half().double())


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_a_graph_has_the_same(precision: str) -> None:
    net = network("S")
    ours, graph = entry_of(net), entry_of_graph(build_hypernet_graph(net, precision))
    assert ours is not None and graph is not None
    torch.testing.assert_close(graph.weight, ours.weight, atol=1e-3, rtol=2e-3)
    torch.testing.assert_close(graph.bias, ours.bias)


def test_a_network_that_begins_otherwise_has_none() -> None:
    net = network("S")
    config = replace(net.config, task_encoder="discrete")
    assert entry_of(Hypernetwork(config, net.target)) is None
    graph = GraphBuilder("other")
    graph.output("y", graph.op("Relu", graph.input("x", 1, [1])), 1, [1])
    assert entry_of_graph(graph.serialise()) is None
