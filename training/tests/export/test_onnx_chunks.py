"""Chunks of a hypernetwork compute what the whole graph computes, to the bit, and stay small."""

from __future__ import annotations

import onnx
import pytest
import torch
from test_hypernetwork import VARIANTS

from t2l.base.target import BaseModelRecord, TargetModule, TargetSpec
from t2l.export.bundle.graphs import run_graphs
from t2l.export.onnx.body import MIN_COLUMNS
from t2l.export.onnx.chunks import build_body, build_chunks
from t2l.export.onnx.hypernet import build_hypernet_graph
from t2l.hypernet.config import Variant
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig

TARGET = TargetSpec(
    BaseModelRecord("a/b", "0" * 40, "llama", "apache-2.0"),
    layers=3,
    modules=(
        TargetModule("v_proj", "self_attn.v_proj", 700, 300),
        TargetModule("q_proj", "self_attn.q_proj", 700, 700),
    ),
    rank=4,
    alpha=8,
    use_rslora=True,
)
TABLES = {
    "bias": {},
    "offsets": {"per_layer_bias": True},
    "halved offsets": {"per_layer_bias": True, "half_offsets": True},
    "gains": {"per_layer_bias": True, "per_layer_gain": True},
    "gate": {"static_bias": True, "head_init": "normal"},
}
CHUNK_BYTES = 160_000


def network(variant: Variant, **changes) -> Hypernetwork:
    """Every weight random; features wide enough that their blocking would show."""
    config = HypernetworkConfig(variant, embedding_dim=12, latent=16, head_in=264, **changes)
    made = Hypernetwork(config, TARGET).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for parameter in made.parameters():
            parameter.add_(torch.randn(parameter.shape, generator=generator) * 0.1)
    if made.config.half_offsets:
        made.round_matrices()
    return made


def run(made: Hypernetwork, precision: str, chunk_bytes: int | None, body_bytes: int | None = None):
    files, graph = {}, {"file": "whole"}
    if chunk_bytes is None:
        files["whole"] = build_hypernet_graph(made, precision)
    else:
        files["body"], *stages = build_body(made, body_bytes or chunk_bytes)
        graph = {"body": "body", "chunks": []}
        for number, data in enumerate(stages):
            files[f"stage {number}"] = data
            graph.setdefault("stages", []).append(f"stage {number}")
        for number, chunk in enumerate(build_chunks(made, precision, chunk_bytes=chunk_bytes)):
            files[str(number)] = chunk.data
            graph["chunks"].append({"file": str(number), "offsets": dict(chunk.offsets)})
    manifest = {"name": "x", "graphs": {precision: graph}, "target": TARGET.to_manifest()}
    embedding = torch.randn(12, generator=torch.Generator().manual_seed(2))
    return run_graphs(manifest, files.__getitem__, precision, embedding), files


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("tables", list(TABLES))
@pytest.mark.parametrize("precision", ["float32", "int8"])
def test_chunks_are_the_whole_to_the_bit(variant: Variant, tables: str, precision: str):
    made = network(variant, **TABLES[tables])
    whole, _ = run(made, precision, None)
    cut, files = run(made, precision, CHUNK_BYTES)
    assert len(files) > (5 if precision == "float32" else 3)
    for name, value in whole.items():
        assert torch.equal(value, cut[name]), name


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("position", ["learned", "rotary"])
def test_a_body_in_stages_is_the_whole_to_the_bit(variant: Variant, position: str):
    made = network(variant, position=position)
    whole, _ = run(made, "float32", None)
    cut, files = run(made, "float32", CHUNK_BYTES, body_bytes=1)
    assert sum(name.startswith("stage") for name in files) > 4
    for name, value in whole.items():
        assert torch.equal(value, cut[name]), name


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("tables", list(TABLES))
def test_no_chunk_is_much_larger_than_asked_for(variant: Variant, tables: str):
    made = network(variant, **TABLES[tables])
    sizes = [len(chunk.data) for chunk in build_chunks(made, "float32", chunk_bytes=400_000)]
    assert len(sizes) > 3 and max(sizes) < 400_000 * 1.1 + 2_000


def test_a_chunk_is_never_so_narrow_that_it_would_round_differently():
    made = network("L")
    for chunk in build_chunks(made, "float32", chunk_bytes=1):
        (output,) = onnx.load_from_string(chunk.data).graph.output
        assert output.type.tensor_type.shape.dim[1].dim_value >= MIN_COLUMNS
