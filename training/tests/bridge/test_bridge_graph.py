"""A bridged graph has a linear map for its task encoder, and beyond it every bit is as before."""

from __future__ import annotations

from functools import cache

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from mini_bundle_for_tests import BUNDLE
from onnx import TensorProto
from test_hypernetwork import network
from torch.nn.functional import layer_norm

from t2l.bridge.graph import bridged, with_encoded_task
from t2l.export.bundle.manifest import BundleError
from t2l.export.onnx.chunks import build_body, build_chunks
from t2l.export.onnx.hypernet import build_hypernet_graph
from t2l.graph.builder import GraphBuilder
from t2l.graph.session import run_session
from t2l.hypernet.config import Variant
from t2l.hypernet.task_encoders import TASK_ENCODERS

NEW_DIM = 7
RNG = np.random.default_rng(0)


def run(data: bytes, vector: np.ndarray) -> dict[str, np.ndarray]:
    session = ort.InferenceSession(data, providers=["CPUExecutionProvider"])
    names = [output.name for output in session.get_outputs()]
    row = vector.reshape(1, -1).astype(np.float32)
    return dict(zip(names, run_session(session, names, {"embedding": row}), strict=True))


def encoded_task(data: bytes, vector: np.ndarray) -> np.ndarray:
    """What a graph's front gives, [Z/2]."""
    (value,) = run(with_encoded_task(data), vector).values()
    assert value.shape[0] == 1
    return value[0]


def weights(data: bytes) -> set[str]:
    return {weight.name for weight in onnx.load_from_string(data).graph.initializer}


GRAPHS: dict[str, tuple[Variant, dict[str, str]]] = {
    **{f"L {kind}": ("L", {"task_encoder": kind}) for kind in TASK_ENCODERS},
    "M": ("M", {}),
    "S": ("S", {}),
    "S rotary": ("S", {"position": "rotary"}),
}


@cache
def graphs() -> dict[str, bytes]:
    """Whole graphs in both precisions, a body, and the graphs of a bundle that has no name yet."""
    made = {
        f"{name} {precision}": build_hypernet_graph(network(variant, **changes), precision)
        for name, (variant, changes) in GRAPHS.items()
        for precision in ("float32", "int8")
    }
    made["body"] = build_body(network("S"))[0]
    for precision in ("float32", "int8"):
        made[f"shipped {precision}"] = (BUNDLE / f"hypernet.{precision}.onnx").read_bytes()
    return made


@pytest.mark.parametrize("name", [*graphs()])
def test_beyond_the_encoded_task_every_bit_is_as_before(name: str):
    data = graphs()[name]
    old = RNG.standard_normal(384 if name.startswith("shipped") else 10)
    task = encoded_task(data, old)
    constant = bridged(data, np.zeros((NEW_DIM, len(task)), np.float32), task)
    wanted, found = run(data, old), run(constant, RNG.standard_normal(NEW_DIM))
    assert list(found) == list(wanted)
    for tensor, value in wanted.items():
        assert value.any()
        np.testing.assert_array_equal(found[tensor], value, err_msg=tensor)


@pytest.mark.parametrize("name", [*graphs()])
def test_before_it_stands_the_map_and_nothing_of_the_task_encoder(name: str):
    data = graphs()[name]
    width = len(encoded_task(data, np.ones(384 if name.startswith("shipped") else 10)))
    weight = RNG.standard_normal((NEW_DIM, width)).astype(np.float32)
    bias = RNG.standard_normal(width).astype(np.float32)
    vector = RNG.standard_normal(NEW_DIM).astype(np.float32)
    once = bridged(data, weight, bias)
    np.testing.assert_allclose(encoded_task(once, vector), vector @ weight + bias, rtol=1e-5)
    assert not {key for key in weights(once) if key.startswith("task")}
    assert {key for key in weights(data) if key.startswith("task")}
    assert bridged(data, weight, bias) == once
    twice = bridged(once, np.zeros((3, width), np.float32), encoded_task(once, vector))
    for tensor, value in run(once, vector).items():
        np.testing.assert_array_equal(run(twice, np.ones(3))[tensor], value)
    assert len(weights(twice)) == len(weights(once))


def test_the_encoded_task_is_that_of_the_network():
    net = network("S")
    embedding = torch.randn(10, generator=torch.Generator().manual_seed(0))
    with torch.no_grad():
        task = net.task_linear(embedding * net.config.scale)
        norm = net.task_norm
        wanted = layer_norm(task, task.shape, norm.weight, norm.bias, norm.eps)
    found = encoded_task(build_hypernet_graph(net, "int8"), embedding.numpy())
    np.testing.assert_allclose(found, wanted.numpy(), atol=1e-5)


def test_a_graph_without_a_task_encoder_is_refused():
    graph = GraphBuilder("other")
    x = graph.input("embedding", TensorProto.FLOAT, [1, 4])
    one = np.ones(4, np.float32)
    y = graph.layer_norm(x, "norm", one, one, 1e-5)
    graph.output("y", y, TensorProto.FLOAT, [1, 4])
    chunk = next(build_chunks(network("S"), "int8")).data
    for data in (graph.serialise(), chunk):
        with pytest.raises(BundleError, match="no task encoder that could be replaced"):
            with_encoded_task(data)
        with pytest.raises(BundleError, match="no task encoder that could be replaced"):
            bridged(data, np.ones((2, 4)), np.zeros(4))
