"""The exported graph against PyTorch: float32 exactly, int8 by the cosine of every update."""

from __future__ import annotations

import onnx
import pytest
import torch
from onnx import numpy_helper
from test_hypernetwork import MISTRAL, TINY, VARIANTS, network

from t2l.export.onnx import hypernet as onnx_hypernet
from t2l.export.onnx.hypernet import (
    build_hypernet_graph,
    hypernet_runner,
    int8_graph,
    update_cosines,
)
from t2l.hypernet.config import Variant
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig

BIASES = {
    "head": {},
    "per_layer": {"per_layer_bias": True},
    "static": {"static_bias": True, "head_init": "normal"},
}


def expected(made: Hypernetwork, embedding: torch.Tensor):
    """PyTorch's LoRA for one embedding, with the scale in B."""
    with torch.no_grad():
        weights = made(embedding[None])
    return {name: (a[0], b[0] * made.target.scaling) for name, (a, b) in weights.items()}


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("bias", list(BIASES))
def test_float32_is_pytorch(variant: Variant, bias: str):
    made = network(variant, **BIASES[bias])
    data = build_hypernet_graph(made, "float32")
    generator = torch.Generator().manual_seed(7)
    for _ in range(3):
        embedding = torch.nn.functional.normalize(torch.randn(10, generator=generator), dim=0)
        found, wanted = hypernet_runner(data)(embedding), expected(made, embedding)
        assert list(found) == list(wanted)
        for name in wanted:
            for ours, theirs in zip(found[name], wanted[name], strict=True):
                assert ours.shape == theirs.shape
                error = (ours - theirs).abs().max() / theirs.abs().max()
                assert error < 1e-5


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("bias", list(BIASES))
def test_int8_keeps_every_update(variant: Variant, bias: str):
    config = HypernetworkConfig(variant, embedding_dim=384, **BIASES[bias])
    made = Hypernetwork(config, TINY).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.05)
    data = build_hypernet_graph(made, "int8")
    for _ in range(3):
        embedding = torch.nn.functional.normalize(torch.randn(384, generator=generator), dim=0)
        found, wanted = hypernet_runner(data)(embedding), expected(made, embedding)
        for name in wanted:
            assert update_cosines(found[name], wanted[name]).min() >= 0.9995
            assert 0.99 < found[name][1].norm() / wanted[name][1].norm() < 1.01


@pytest.mark.parametrize("variant", VARIANTS)
def test_heads_that_8_bits_are_not_enough_for_read_16(
    variant: Variant, monkeypatch: pytest.MonkeyPatch
) -> None:
    made = network(variant)
    embeddings = torch.nn.functional.normalize(torch.randn(2, 10), dim=1)
    assert int8_graph(made, embeddings) == build_hypernet_graph(made, "int8")

    monkeypatch.setattr(onnx_hypernet, "MIN_INT8_COSINE", 0.99999999)
    data = int8_graph(made, embeddings)
    assert data == build_hypernet_graph(made, "int8", input_bits=16)
    for row in embeddings:
        found, wanted = hypernet_runner(data)(row), expected(made, row)
        for name in wanted:
            assert update_cosines(found[name], wanted[name]).min() >= 0.9999


def test_int8_at_mistral_size():
    made = Hypernetwork(HypernetworkConfig("S", embedding_dim=384, head_init="normal"), MISTRAL)
    embedding = torch.nn.functional.normalize(torch.ones(384), dim=0)
    data = build_hypernet_graph(made.eval(), "int8")
    found, wanted = hypernet_runner(data)(embedding), expected(made, embedding)
    for name in wanted:
        assert update_cosines(found[name], wanted[name]).min() >= 0.9995
    assert len(data) < 8_000_000  # 4.7 M bytes of heads once, 0.8 M floats of body


def test_update_cosines_are_those_of_the_products():
    generator = torch.Generator().manual_seed(0)
    a1, a2 = torch.randn(2, 3, 4, 6, generator=generator)
    b1, b2 = torch.randn(2, 3, 5, 4, generator=generator)
    first, second = (b1 @ a1).flatten(1), (b2 @ a2).flatten(1)
    plain = torch.nn.functional.cosine_similarity(first, second, dim=1)
    torch.testing.assert_close(update_cosines((a1, b1), (a2, b2)).float(), plain)


def test_heads_have_exact_width_and_constants_are_folded():
    """v_proj is narrower than q_proj: no padded columns, no LayerNorm of a constant."""
    made = network("S")
    model = onnx.load_from_string(build_hypernet_graph(made, "float32"))
    shapes = {t.name: list(t.dims) for t in model.graph.initializer}
    assert shapes["head.v_proj.A.weight"] == [20, 12]
    assert shapes["head.v_proj.B.weight"] == [20, 8]
    assert shapes["head.q_proj.weight"] == [20, 12]
    stored = {t.name for t in model.graph.initializer}
    dynamic = {"embedding"}
    for node in model.graph.node:
        assert any(name in dynamic for name in node.input), f"{node.name} depends on no input"
        dynamic.update(node.output)
    assert not stored & dynamic


def test_rounded_matrices_take_half_the_bytes_and_lose_nothing():
    made = Hypernetwork(HypernetworkConfig("S", embedding_dim=384, head_init="normal"), TINY).eval()
    before = build_hypernet_graph(made, "float32")
    made.round_matrices()
    data = build_hypernet_graph(made, "float32")
    # all but the first layer, whose weights are multiplied by the embedding's factor
    matrices = [layer.weight for layer in made.modules() if isinstance(layer, torch.nn.Linear)]
    saved = 2 * sum(weight.numel() for weight in matrices if weight.shape[1] != 384)
    assert len(before) - len(data) > 0.85 * saved
    embedding = torch.nn.functional.normalize(torch.ones(384), dim=0)
    found, wanted = hypernet_runner(data)(embedding), expected(made, embedding)
    for name in wanted:
        for ours, theirs in zip(found[name], wanted[name], strict=True):
            assert (ours - theirs).abs().max() < 1e-5 * theirs.abs().max()


@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_rounded_offsets_take_half_the_bytes_and_lose_nothing(precision: str):
    made = network("S", per_layer_bias=True, half_offsets=True)
    before = build_hypernet_graph(made, precision)
    made.round_matrices()
    stored = {
        t.name: t
        for t in onnx.load_from_string(build_hypernet_graph(made, precision)).graph.initializer
        if t.name.startswith("offset.")
    }
    assert len(stored) == 6
    for name, tensor in stored.items():
        module, side = name.split(".")[1:]
        offsets = (made.offset_a if side == "A" else made.offset_b)[module].detach()
        wanted = offsets * (1 if side == "A" else made.target.scaling)
        assert tensor.data_type == onnx.TensorProto.FLOAT16
        assert torch.equal(torch.from_numpy(numpy_helper.to_array(tensor).copy()).float(), wanted)
    for tensor in onnx.load_from_string(before).graph.initializer:
        assert not tensor.name.startswith("offset.") or tensor.data_type == onnx.TensorProto.FLOAT
    embedding = torch.nn.functional.normalize(torch.ones(10), dim=0)
    found = hypernet_runner(build_hypernet_graph(made, precision))(embedding)
    for name, pair in expected(made, embedding).items():
        if precision == "int8":
            assert update_cosines(found[name], pair).min() >= 0.9995
        for ours, right in zip(found[name], pair, strict=True):
            assert precision == "int8" or (ours - right).abs().max() < 1e-5 * right.abs().max()


def test_scale_is_folded_into_b():
    made = network("S")
    model = onnx.load_from_string(build_hypernet_graph(made, "float32"))
    weights = {
        t.name: torch.from_numpy(numpy_helper.to_array(t).copy()) for t in model.graph.initializer
    }
    head = made.head("v_proj").weight.detach()
    torch.testing.assert_close(weights["head.v_proj.A.weight"], head[:12].T)
    torch.testing.assert_close(weights["head.v_proj.B.weight"], head[:8].T * made.target.scaling)


def test_only_the_heads_are_bytes():
    model = onnx.load_from_string(build_hypernet_graph(network("S"), "int8"))
    data = [t.name for t in model.graph.initializer if t.data_type == onnx.TensorProto.UINT8]
    named = [name for name in data if not name.startswith("const/")]
    assert named == [
        "head.v_proj.A.weight.u8",
        "head.v_proj.B.weight.u8",
        "head.q_proj.weight.u8",
        "head.down_proj.A.weight.u8",
        "head.down_proj.B.weight.u8",
    ]
    assert model.opset_import[0].version == 17 and model.ir_version == 8


def test_unknown_precision_is_refused():
    with pytest.raises(ValueError, match="float32, int8"):
        build_hypernet_graph(network("S"), "int4")
