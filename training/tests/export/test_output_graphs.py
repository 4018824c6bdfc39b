"""Graphs and bundles of networks for DoRA and IA3 give what PyTorch does."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import torch
from outputs_for_tests import OTHERS
from safetensors.torch import load_file
from test_export import EMBEDDINGS, FIT, arguments
from test_hypernet_outputs import output_network, output_target
from test_hypernetwork import TINY, VARIANTS, config

from t2l.base.target import OutputKind, TargetSpec
from t2l.export.bundle.data import folded_adapter, golden_stride
from t2l.export.bundle.manifest import BundleError, verify_bundle
from t2l.export.bundle.predictor import Predictor
from t2l.export.bundle.run import BundleNetwork
from t2l.export.bundle.write import export_bundle
from t2l.export.graphs import GraphOptions
from t2l.export.onnx.hypernet import build_hypernet_graph, change_cosines, hypernet_runner
from t2l.export.random_bundle import export_random, with_output
from t2l.hypernet.config import Variant
from t2l.hypernet.hypernetwork import Hypernetwork


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("output", OTHERS)
def test_the_float32_graph_is_pytorch(variant: Variant, output: OutputKind) -> None:
    made = output_network(variant, output)
    run = hypernet_runner(build_hypernet_graph(made, "float32"))
    exact = made.double()
    for row in EMBEDDINGS:
        found, wanted = run(row), folded_adapter(exact, row)
        assert list(found) == list(wanted)
        for name, sides in wanted.items():
            for ours, theirs in zip(found[name], sides, strict=True):
                assert ours.shape == theirs.shape
                assert (ours - theirs).abs().max() / theirs.abs().max() < 1e-5


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("output", OTHERS)
def test_the_int8_graph_keeps_what_changes(variant: Variant, output: OutputKind) -> None:
    made = output_network(variant, output)
    run = hypernet_runner(build_hypernet_graph(made, "int8"))
    for row in EMBEDDINGS:
        found = run(row)
        for name, sides in folded_adapter(made.double(), row).items():
            cosines = change_cosines(made, name, found[name], sides)
            assert len(cosines) == (6 if output == "dora" else 3)  # of 3 layers
            assert cosines.min() > 0.999


def test_a_factor_that_points_elsewhere_is_seen() -> None:
    made = output_network("S", "ia3")
    (right,) = folded_adapter(made.double(), EMBEDDINGS[0])["q_proj"]
    assert change_cosines(made, "q_proj", (right,), (right,)).min() > 0.999999
    assert change_cosines(made, "q_proj", (2 - right,), (right,)).max() < -0.999999


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("output", OTHERS)
def test_a_bundle_in_chunks_gives_the_whole_one_s_bits(
    variant: Variant, output: OutputKind, tmp_path: Path
) -> None:
    made = output_network(variant, output)
    export_bundle(made, **arguments(tmp_path / "whole"))
    graphs = GraphOptions(chunked=True, chunk_bytes=1)
    export_bundle(made, **arguments(tmp_path / "chunks", graphs=graphs))
    for precision in ("float32", "int8"):
        whole, chunks = (
            BundleNetwork(tmp_path / kind / "tiny" / "1.0.0", precision)
            for kind in ("whole", "chunks")
        )
        assert whole.target.output == output and whole.target.sides == made.target.sides
        found = chunks(EMBEDDINGS)
        for name, sides in whole(EMBEDDINGS).items():
            assert all(torch.equal(x, y) for x, y in zip(sides, found[name], strict=True))


@pytest.mark.parametrize("output", OTHERS)
def test_a_bundle_says_its_kind_and_what_every_runtime_must_reproduce(
    output: OutputKind, tmp_path: Path
) -> None:
    made = output_network("S", output)
    export_bundle(made, **arguments(tmp_path))
    verify_bundle(tmp_path, "tiny", "1.0.0")
    folder = tmp_path / "tiny" / "1.0.0"
    manifest = json.loads((folder / "manifest.json").read_text())
    assert manifest["target"] == made.target.to_manifest()
    assert manifest["target"]["output"] == output
    golden = load_file(folder / "golden.safetensors")
    wanted = folded_adapter(made.double(), golden["embedding"][0])
    for name, sides in wanted.items():
        for side, values in zip(made.target.sides, sides, strict=True):
            flat = values.flatten()
            kept = flat[:: golden_stride(flat.numel(), manifest["golden"]["limit"])]
            torch.testing.assert_close(golden[f"{name}.{side}"][0], kept.float())


def test_the_norms_of_ia3_say_how_far_its_factors_are_from_1(tmp_path: Path) -> None:
    made = output_network("S", "ia3")
    rows = arguments(tmp_path)
    export_bundle(made, **rows)
    manifest = json.loads((tmp_path / "tiny" / "1.0.0" / "manifest.json").read_text())
    (factors,) = made.double()(rows["norm_embeddings"].double())["down_proj"]
    wanted = (factors - 1).square().sum(-1).sqrt().mean(0)
    found = torch.tensor(manifest["norms"]["down_proj"]["mean"], dtype=torch.float64)
    torch.testing.assert_close(found, wanted, rtol=1e-5, atol=0)


def test_a_dora_that_was_never_told_its_norms_is_not_exported(tmp_path: Path) -> None:
    made = Hypernetwork(config("S", per_layer_bias=True), output_target("dora"))
    with pytest.raises(ValueError, match="no norms of the rows"):
        export_bundle(made, **arguments(tmp_path))


@pytest.mark.parametrize("output", OTHERS)
def test_a_random_bundle_can_be_of_any_kind(output: OutputKind, tmp_path: Path) -> None:
    target: TargetSpec = with_output(TINY, output)
    found = export_random("S", target, 10, "random", tmp_path, latent=16, head_in=20)
    assert found == verify_bundle(tmp_path, "random", "0.0.0")
    made = BundleNetwork(tmp_path / "random" / "0.0.0", "float32")(EMBEDDINGS)
    first, second = (sides[-1] for sides in list(made.values())[:2])
    assert first.std() > 0.01 and not torch.equal(first[0], first[1])
    assert second.min() > 0


def test_a_predictor_of_updates_is_refused_for_other_kinds(tmp_path: Path) -> None:
    fit = replace(FIT, predictor=cast(Predictor, object()))  # which nothing looks into
    with pytest.raises(BundleError, match="reads the updates of LoRAs, which no ia3 is"):
        export_bundle(output_network("S", "ia3"), **arguments(tmp_path, fit=fit))
