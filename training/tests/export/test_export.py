"""A bundle holds what the manifest says, reproduces PyTorch, and is the same bytes every time."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pytest
import torch
from fit_for_tests import tiny_fit
from safetensors.torch import load_file
from test_hypernetwork import MISTRAL, TINY, network

from t2l.base.target import TargetModule, TargetSpec
from t2l.encoders.info import MINILM, EncoderInfo
from t2l.encoders.onnx_encoder import OnnxEncoder
from t2l.export import graphs as module
from t2l.export.bundle import data as bundle_data
from t2l.export.bundle.data import Fit, Golden, golden_from_encoder, golden_limit
from t2l.export.bundle.graphs import run_graphs
from t2l.export.bundle.manifest import BundleError, read_manifest, verify_bundle
from t2l.export.bundle.write import export_bundle, update_index
from t2l.export.graphs import GraphOptions
from t2l.export.onnx.hypernet import hypernet_runner
from t2l.export.random_bundle import export_random
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig

HYPERNETS = Path(__file__).parents[3] / "src" / "assets" / "hypernets"
GIVEN = EncoderInfo(kind="given", model="none", dim=10)
EMBEDDINGS = torch.nn.functional.normalize(
    torch.randn(3, 10, generator=torch.Generator().manual_seed(0)), dim=-1
)
FIT = Fit(("x", "y"), EMBEDDINGS[:2] * 3, good=0.75, uncertain=0.5)


def arguments(out_dir: Path, **changes):
    fields = {
        "encoder": GIVEN,
        "golden": Golden(("a", "b", "c"), EMBEDDINGS),
        "fit": FIT,
        "norm_embeddings": EMBEDDINGS,
        "evaluation": {"adapted": 0.5},
        "training": {"seed": 0},
        "out_dir": out_dir,
        "name": "tiny",
        "version": "1.0.0",
    }
    return {**fields, **changes}


@pytest.fixture(scope="module")
def made(tmp_path_factory) -> tuple[Path, Hypernetwork]:
    root = tmp_path_factory.mktemp("hypernets")
    net = network("S")
    export_bundle(net, **arguments(root))
    return root, net


def test_manifest(made):
    root, net = made
    found = verify_bundle(root, "tiny", "1.0.0")
    manifest, _ = read_manifest(root / "tiny/1.0.0")
    assert manifest["target"] == TINY.to_manifest()
    assert [m["name"] for m in manifest["target"]["modules"]] == ["v_proj", "q_proj", "down_proj"]
    assert (manifest["variant"], manifest["latent"], manifest["head_in"]) == ("S", 16, 20)
    assert manifest["scale"] == "folded" and manifest["precision"] == "int8"
    assert sorted(manifest["files"]) == [
        "fit.f16",
        "golden.safetensors",
        "hypernet.float32.onnx",
        "hypernet.int8.onnx",
    ]
    index = json.loads((root / "index.json").read_text())
    assert index == {
        "default": "tiny",
        "bundles": [{"name": "tiny", "version": "1.0.0", "digest": found}],
    }


def test_golden_vectors_are_what_the_network_and_the_graph_give(made, tmp_path, monkeypatch):
    _, net = made
    monkeypatch.setattr(bundle_data, "GOLDEN_LIMIT", 10)  # so that the stride matters
    export_bundle(net, **arguments(tmp_path))
    folder = tmp_path / "tiny/1.0.0"
    limit = read_manifest(folder)[0]["golden"]["limit"]
    assert 5 < limit <= 10
    golden = load_file(folder / "golden.safetensors")
    graph = (folder / "hypernet.float32.onnx").read_bytes()
    assert torch.equal(golden["embedding"], EMBEDDINGS)
    with torch.no_grad():
        weights = net(EMBEDDINGS)
    for name, (a, b) in weights.items():
        for side, whole in (("A", a), ("B", b * TINY.scaling)):
            size = whole[0].numel()
            stride = -(-size // limit)
            picked = golden[f"{name}.{side}"]
            assert picked.shape == (3, -(-size // stride)) and picked.shape[1] <= limit
            torch.testing.assert_close(picked, whole.flatten(1)[:, ::stride], atol=1e-5, rtol=1e-5)
            ours = hypernet_runner(graph)(EMBEDDINGS[1])[name]["AB".index(side)].flatten()
            torch.testing.assert_close(picked[1], ours[::stride], atol=1e-5, rtol=1e-5)


SMOLLM2 = TargetSpec(
    TINY.base_model,
    layers=30,
    modules=(
        TargetModule("q_proj", "self_attn.q_proj", 576, 576),
        TargetModule("v_proj", "self_attn.v_proj", 576, 192),
        TargetModule("o_proj", "self_attn.o_proj", 576, 576),
        TargetModule("down_proj", "mlp.down_proj", 1536, 576),
    ),
    rank=8,
    alpha=16,
)


@pytest.mark.parametrize("target", [SMOLLM2, MISTRAL], ids=["smollm2", "mistral"])
def test_golden_vectors_of_a_large_network_are_few_and_in_every_column(target: TargetSpec):
    limit = golden_limit(target, descriptions=6)
    values = 0
    for part in target.modules:
        for width, row in ((part.in_features, part.in_features), (part.out_features, 8)):
            size = target.layers * target.rank * width
            kept = range(0, size, -(-size // limit))
            values += 6 * len(kept)
            assert {place % row for place in kept} == set(range(row)), (part.name, row)
            assert len({place * target.layers // size for place in kept}) == target.layers
    assert 2**16 < values <= 2**18


def test_golden_vectors_of_the_bundle_that_ships_are_kept_as_they_are():
    index = json.loads((HYPERNETS / "index.json").read_text())
    version = next(b["version"] for b in index["bundles"] if b["name"] == "t2l-mini")
    manifest, _ = read_manifest(HYPERNETS / "t2l-mini" / version)
    target = {**manifest["target"], "alpha": 16, "use_rslora": False}
    golden = manifest["golden"]
    found = golden_limit(TargetSpec.from_json(target), len(golden["descriptions"]))
    assert found == golden["limit"]


def test_fit_rows_are_unit_float16(made):
    root, _ = made
    rows = np.frombuffer((root / "tiny/1.0.0/fit.f16").read_bytes(), dtype="<f2").reshape(2, 10)
    np.testing.assert_allclose(rows, EMBEDDINGS[:2].numpy(), atol=1e-3)


def test_norms_are_those_of_the_products(made):
    root, net = made
    manifest, _ = read_manifest(root / "tiny/1.0.0")
    with torch.no_grad():
        weights = net(EMBEDDINGS)
    for name, (a, b) in weights.items():
        norms = (TINY.scaling * b @ a).flatten(2).norm(dim=-1)  # [T, N]
        stored = manifest["norms"][name]
        np.testing.assert_allclose(stored["mean"], norms.mean(0), rtol=1e-4)
        np.testing.assert_allclose(stored["deviation"], norms.std(0, correction=0), rtol=1e-3)


def test_embedded_encoder(tmp_path: Path, published_encoder: Path):
    """Files of the encoder are listed with their digests, tokens are padded with 0."""
    (tmp_path / "encoders").symlink_to(published_encoder.parent)
    encoder = OnnxEncoder(published_encoder)
    golden = golden_from_encoder(encoder, ("reverse the list", "word " * 300))
    net = Hypernetwork(
        HypernetworkConfig("S", embedding_dim=384, latent=16, head_in=20, head_init="normal"), TINY
    )
    fit = Fit(("x",), golden.embeddings[:1], good=0.75, uncertain=0.5)
    changes = {"encoder": MINILM, "golden": golden, "fit": fit}
    export_bundle(net, **arguments(tmp_path, norm_embeddings=golden.embeddings, **changes))
    verify_bundle(tmp_path, "tiny", "1.0.0")
    manifest, _ = read_manifest(tmp_path / "tiny/1.0.0")
    files = manifest["encoder"]["files"]
    assert all(file in manifest["files"] for file in files.values())
    tokens = load_file(tmp_path / "tiny/1.0.0/golden.safetensors")["tokens"]
    assert tokens.shape == (2, 128) and tokens.dtype == torch.int64
    assert tokens[0].tolist()[:6] == [101, *encoder.tokens("reverse the list")[1:-1], 102, 0]
    assert tokens[1, 127] == 102


def test_bytes_are_the_same_under_any_hash_seed(tmp_path: Path):
    TINY.save(tmp_path / "target.json")
    contents = []
    for seed, threads in (("3", "1"), ("5", "2")):
        command = [sys.executable, "-m", "t2l.export.random_bundle", "--variant", "S"]
        command += ["--target", str(tmp_path / "target.json"), "--dim", "16"]
        command += ["--name", "random", "--out", str(tmp_path / seed)]
        subprocess.run(
            command,
            env={**os.environ, "PYTHONHASHSEED": seed, "OMP_NUM_THREADS": threads},
            check=True,
            capture_output=True,
        )
        verify_bundle(tmp_path / seed, "random", "0.0.0")
        files = sorted(path for path in (tmp_path / seed).rglob("*") if path.is_file())
        contents.append({str(p.relative_to(tmp_path / seed)): p.read_bytes() for p in files})
    assert len(contents[0]) == 6
    assert contents[0] == contents[1]


def test_versions_are_immutable_unless_told(made):
    root, net = made
    before = verify_bundle(root, "tiny", "1.0.0")
    with pytest.raises(BundleError, match="immutable"):
        export_bundle(net, **arguments(root))
    again = export_bundle(net, **arguments(root, overwrite=True))
    assert again == before


def test_index_keeps_one_entry_a_version_in_order(tmp_path: Path):
    for name, version in (("b", "1.10.0"), ("b", "1.9.0"), ("a", "1.0.0"), ("b", "1.9.0-rc1")):
        update_index(tmp_path, name, version, "0" * 64, make_default=False)
    update_index(tmp_path, "b", "1.9.0", "1" * 64, make_default=False)
    index = json.loads((tmp_path / "index.json").read_text())
    versions = [(b["name"], b["version"]) for b in index["bundles"]]
    assert versions == [("a", "1.0.0"), ("b", "1.9.0-rc1"), ("b", "1.9.0"), ("b", "1.10.0")]
    assert index["bundles"][2]["digest"] == "1" * 64
    assert index["default"] == "b"
    update_index(tmp_path, "a", "1.0.0", "0" * 64, make_default=True)
    assert json.loads((tmp_path / "index.json").read_text())["default"] == "a"


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"name": "encoders"}, "reserved"),
        ({"version": "one"}, "semantic"),
        ({"precision": "int4"}, "precision"),
        ({"encoder": replace(GIVEN, dim=384)}, "the hypernetwork takes 10"),
        ({"encoder": replace(GIVEN, kind="onnx")}, "need their tokens"),
        ({"golden": Golden(("a",), EMBEDDINGS)}, "golden embeddings must be"),
        ({"fit": Fit(("a",), EMBEDDINGS[:1], 0.5, 0.75)}, "thresholds"),
        ({"fit": Fit((), EMBEDDINGS[:0], 0.75, 0.5)}, "fit embeddings must be"),
        ({"fit": replace(FIT, success=(0.5,))}, "1 values of success for 2 tasks"),
        ({"fit": replace(FIT, success=(0.5, 1.5))}, "between 0 and 1"),
        ({"fit": replace(FIT, predictor=tiny_fit().predictor)}, "needs the success"),
        (
            {"fit": replace(FIT, success=(0, 1), predictor=tiny_fit().predictor)},
            "modules of the target, by their places: v_proj, q_proj, down_proj",
        ),
        ({"fit": replace(FIT, strengths=((0.5, 1.0),))}, "strength 1 must be"),
        ({"fit": replace(FIT, sizes="x" * 301)}, "1 to 300 characters, got 301"),
        ({"norm_embeddings": EMBEDDINGS * torch.nan}, "finite"),
        ({"evaluation": {"x": float("nan")}}, "cannot hold nan"),
    ],
)
def test_bad_inputs_leave_nothing_behind(tmp_path: Path, changes: dict, words: str):
    with pytest.raises(BundleError, match=words):
        export_bundle(network("S"), **arguments(tmp_path, **changes))
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_a_graph_that_is_wrong_is_not_written(tmp_path: Path, monkeypatch):
    other = network("S")
    with torch.no_grad():
        other.head("q_proj").bias[0] += 0.1
    build = module.build_hypernet_graph
    monkeypatch.setattr(module, "build_hypernet_graph", lambda _net, *rest: build(other, *rest))
    with pytest.raises(BundleError, match="q_proj: the float32 graph is off"):
        export_bundle(network("S"), **arguments(tmp_path))
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_a_bundle_in_chunks_gives_what_a_whole_one_gives(tmp_path: Path):
    net = network("S")
    options = GraphOptions(chunked=True, chunk_bytes=1)
    export_bundle(net, **arguments(tmp_path, name="whole"))
    export_bundle(net, **arguments(tmp_path, name="chunked", graphs=options))
    verify_bundle(tmp_path, "chunked", "1.0.0")
    found = {}
    for name in ("whole", "chunked"):
        folder = tmp_path / name / "1.0.0"
        manifest, _ = read_manifest(folder)
        for precision in ("float32", "int8"):
            read = partial(lambda folder, file: (folder / file).read_bytes(), folder)
            found[name, precision] = run_graphs(manifest, read, precision, EMBEDDINGS[0])
    assert "body" in manifest["graphs"]["int8"]
    for precision in ("float32", "int8"):
        for tensor, value in found["whole", precision].items():
            assert torch.equal(value, found["chunked", precision][tensor])


def test_only_a_network_too_large_for_an_isolate_is_cut_by_default(tmp_path: Path, monkeypatch):
    least = module.head_bytes(network("S"), "int8")
    monkeypatch.setattr(module, "fits_whole", lambda size, _values: size <= least)
    export_bundle(network("S"), **arguments(tmp_path))
    graphs = read_manifest(tmp_path / "tiny/1.0.0")[0]["graphs"]
    assert "file" in graphs["int8"] and "chunks" in graphs["float32"]


def test_a_bundle_may_know_nothing_of_its_training(tmp_path: Path):
    export_bundle(network("S"), **arguments(tmp_path, fit=None, norm_embeddings=None))
    manifest, _ = read_manifest(tmp_path / "tiny/1.0.0")
    assert "fit" not in manifest and "norms" not in manifest
    assert "fit.f16" not in manifest["files"]


def test_random_bundle_of_another_dimension_takes_embeddings(tmp_path: Path):
    export_random("M", TINY, 16, "random", tmp_path)
    manifest, _ = read_manifest(tmp_path / "random/0.0.0")
    assert manifest["encoder"]["kind"] == "given" and "files" not in manifest["encoder"]
