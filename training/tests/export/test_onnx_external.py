"""Graphs whose weights lie in a safetensors file beside them."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import onnx
import onnxruntime as ort
import pytest
import torch
from onnx import TensorProto
from safetensors.torch import save_file

from t2l.export.onnx.external import LEAST_BYTES, lean_on
from t2l.graph.builder import GraphBuilder
from t2l.graph.session import run_session

RANDOM = torch.Generator().manual_seed(0)
LARGE = torch.randn(24, 40, generator=RANDOM).half()
OTHER = torch.randn(40, 16, generator=RANDOM).half()
SMALL = torch.randn(16, generator=RANDOM).half()


def graph() -> onnx.ModelProto:
    """x [1, 24] by two matrices, plus a bias."""
    made = GraphBuilder("test")
    value = made.input("x", TensorProto.FLOAT, [1, 24])
    for name, weight in (("large", LARGE), ("other", OTHER)):
        weight = made.op("Cast", made.weight(name, weight.numpy()), to=TensorProto.FLOAT)
        value = made.op("MatMul", value, weight)
    bias = made.op("Cast", made.weight("small", SMALL.numpy()), to=TensorProto.FLOAT)
    made.output("y", made.op("Add", value, bias), TensorProto.FLOAT, [1, 16])
    return made.build()


@pytest.fixture
def weights(tmp_path: Path) -> Path:
    path = tmp_path / "model.safetensors"
    tensors = {"unused": torch.ones(3), "small": SMALL, "other": OTHER, "large": LARGE}
    save_file(tensors, path, metadata={"format": "pt"})
    return path


def output(session: ort.InferenceSession) -> np.ndarray:
    x = np.linspace(-1, 1, 24, dtype=np.float32)[None]
    return run_session(session, ["y"], {"x": x})[0]


def test_a_graph_beside_its_weights_computes_the_same_bits(weights: Path) -> None:
    whole = graph().SerializeToString()
    leaning = lean_on(graph(), weights)
    path = weights.with_name("graph.onnx")
    path.write_bytes(leaning.SerializeToString(deterministic=True))
    onnx.checker.check_model(str(path), full_check=True)
    providers = ["CPUExecutionProvider"]
    found = output(ort.InferenceSession(path, providers=providers))
    assert np.array_equal(found, output(ort.InferenceSession(whole, providers=providers)))
    assert np.abs(found).max() > 1


def test_large_tensors_lie_in_the_file_and_small_ones_in_the_graph(weights: Path) -> None:
    tensors = {tensor.name: tensor for tensor in lean_on(graph(), weights).graph.initializer}
    data = weights.read_bytes()
    for name, value in (("large", LARGE), ("other", OTHER)):
        place = {entry.key: entry.value for entry in tensors[name].external_data}
        assert place["location"] == "model.safetensors" and not tensors[name].raw_data
        start, length = int(place["offset"]), int(place["length"])
        assert data[start : start + length] == value.numpy().tobytes()
        assert length >= LEAST_BYTES
    assert tensors["small"].raw_data == SMALL.numpy().tobytes()
    assert not tensors["small"].external_data


def test_what_the_file_does_not_have_stays_inside(weights: Path) -> None:
    save_file({"large": LARGE}, weights)
    tensors = {tensor.name: tensor for tensor in lean_on(graph(), weights).graph.initializer}
    assert not tensors["large"].raw_data
    assert tensors["other"].raw_data == OTHER.numpy().tobytes()


def test_other_weights_are_refused(weights: Path) -> None:
    save_file({"large": LARGE, "other": OTHER + 1}, weights)
    with pytest.raises(ValueError, match="model.safetensors: other is not the graph's"):
        lean_on(graph(), weights)


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04 a zip file", b"\x02\0\0\0\0\0\0\0[]"])
def test_what_is_no_safetensors_file_is_refused(weights: Path, data: bytes) -> None:
    weights.write_bytes(data)
    with pytest.raises(ValueError, match="model.safetensors must be a safetensors file"):
        lean_on(graph(), weights)
