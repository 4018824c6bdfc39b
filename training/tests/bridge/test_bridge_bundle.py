"""A bridged bundle makes from another encoder's vectors what the bundle makes from its own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
import torch
from bridge_for_tests import NEW_DIM, TASKS, TEXTS, encoders, export_tiny, opened, other
from mini_bundle_for_tests import ENCODER, differ
from safetensors.torch import load_file

from t2l.api.bundle_generator import BundleGenerator
from t2l.api.generated import Lora
from t2l.bridge.bundle import build_bridge
from t2l.bridge.regression import BridgeReport
from t2l.bridge.source import open_source
from t2l.encoders.onnx_encoder import OnnxEncoder
from t2l.encoders.service import ServiceError
from t2l.export.bundle.manifest import BundleError, read_manifest, verify_bundle
from t2l.export.graphs import GraphOptions
from t2l.tasks.descriptions import DescriptionsError

CHUNKED = GraphOptions(chunked=True, chunk_bytes=1)


def bridge(root: Path, url: str, model: str = "related", name: str = "bridged") -> BridgeReport:
    """The bridge of the tiny bundle below `root` to another encoder of the service."""
    bundle = opened(root / "tiny" / "1.0.0", url)
    return build_bridge(bundle, other(model, url, root), TASKS, root / name / "1.0.0")


def listed(root: Path) -> dict[str, bytes]:
    """Every file below a root."""
    files = sorted(path for path in root.rglob("*") if path.is_file())
    return {str(path.relative_to(root)): path.read_bytes() for path in files}


@pytest.mark.parametrize("graphs", [None, CHUNKED], ids=["whole", "chunked"])
def test_an_encoder_that_knows_the_same_gives_the_same_adapters(
    tmp_path: Path, graphs: GraphOptions | None
):
    export_tiny(tmp_path, graphs)
    with encoders() as service:
        report = bridge(tmp_path, service.url)
        found = verify_bundle(tmp_path, "bridged", "1.0.0")
        pairs = {
            precision: [
                opened(tmp_path / name / "1.0.0", service.url, precision).generate(TEXTS[7])
                for name in ("tiny", "bridged")
            ]
            for precision in ("float32", "int8")
        }
    assert (report.tasks, report.texts) == (2, 10)
    assert report.unexplained < 1e-6
    assert report.cosine_low > 0.999 and report.other_task < 0.9
    own, mapped = pairs["float32"]
    assert differ(own, mapped) < 1e-3 < scale(own) * 1e-2
    own, mapped = pairs["int8"]  # where rounding falls on the other side, a step is in between
    assert differ(own, mapped) < 0.02 * scale(own)
    index = json.loads((tmp_path / "index.json").read_text())
    assert {"name": "bridged", "version": "1.0.0", "digest": found} in index["bundles"]
    before, after = (listed(tmp_path / name / "1.0.0") for name in ("tiny", "bridged"))
    assert list(before) == list(after)
    changed = {file for file in before if before[file] != after[file]}
    fronts = {"hypernet.body.onnx"} if graphs else {"hypernet.float32.onnx", "hypernet.int8.onnx"}
    assert changed == fronts | {"manifest.json", "golden.safetensors", "fit.f16"}
    assert len(before) > (10 if graphs else 4)


def scale(lora: Lora) -> float:
    return max(float(tensor.abs().max()) for tensor in lora.tensors.values())


def test_an_encoder_that_knows_nothing_of_the_tasks_is_told_by_the_figures(tmp_path: Path):
    export_tiny(tmp_path)
    with encoders() as service:
        report = bridge(tmp_path, service.url, "unrelated")
    assert 0.8 < report.unexplained < 1.5
    assert report.cosine_low < report.cosine < 0.95  # as with the mean adapter, no better


def test_the_manifest_is_the_bundle_s_but_for_what_is_about_the_encoder(tmp_path: Path):
    before, digest = read_manifest(export_tiny(tmp_path))
    with encoders() as service:
        report = bridge(tmp_path, service.url)
    after, _ = read_manifest(tmp_path / "bridged" / "1.0.0")
    same = {"schema", "variant", "target", "scale", "precision", "graphs", "norms", "evaluation"}
    assert {key: after[key] for key in same} == {key: before[key] for key in same}
    assert after["name"] == "bridged"
    encoder = after["encoder"]
    assert (encoder["kind"], encoder["model"], encoder["dim"]) == ("http", "related", NEW_DIM)
    assert after["fit"]["dim"] == NEW_DIM
    assert after["fit"]["tasks"] == [task.task for task in TASKS]
    origin = {"name": "tiny", "version": "1.0.0", "digest": digest, "encoder": "old"}
    bridge_of = {"from": "related", "bundle": origin, "held_out": report.to_json()}
    training = json.loads(json.dumps({"bridge": bridge_of, "hypernetwork": {"seed": 0}}))
    assert after["training"] == training


def test_golden_vectors_are_those_of_the_float32_graph_for_several_held_out_tasks(tmp_path: Path):
    export_tiny(tmp_path)
    with encoders() as service:
        bridge(tmp_path, service.url)
        folder = tmp_path / "bridged" / "1.0.0"
        exact = opened(folder, service.url, "float32")
        texts = exact.manifest["golden"]["descriptions"]
        golden = load_file(folder / "golden.safetensors")
        assert len(texts) == 4 and len({text.split(" as ")[0] for text in texts}) == 2
        for row, text in enumerate(texts):
            assert torch.equal(golden["embedding"][row], exact.encode(text))
            for name, pair in exact.generate(text).weights.items():
                for side, tensor in zip("AB", pair, strict=True):
                    assert torch.equal(golden[f"{name}.{side}"][row], tensor.flatten())


def test_an_embedded_encoder_comes_with_its_files_and_tokens(tmp_path: Path):
    export_tiny(tmp_path / "from")
    with encoders() as service:
        bundle = opened(tmp_path / "from" / "tiny" / "1.0.0", service.url)
        root = tmp_path / "to"
        source = open_source(str(ENCODER), None, root)
        build_bridge(bundle, source, TASKS, root / "bridged" / "1.0.0")
    made = BundleGenerator(root / "bridged" / "1.0.0")  # verifies every file, the encoder's too
    assert listed(root / "encoders") == {
        f"{ENCODER.name}/{file.name}": file.read_bytes() for file in sorted(ENCODER.iterdir())
    }
    assert made.generate(TEXTS[0]).tensors  # and asks nobody
    tokens = load_file(made.folder / "golden.safetensors")["tokens"]
    wanted = OnnxEncoder(ENCODER).tokens(made.manifest["golden"]["descriptions"][0])
    assert tokens.shape == (4, 128)
    assert tokens[0, : len(wanted)].tolist() == list(wanted) and not tokens[0, len(wanted) :].any()


def test_a_bridge_can_be_bridged_again_and_is_the_same_bytes_every_time(tmp_path: Path):
    export_tiny(tmp_path)
    with encoders() as service:
        bridge(tmp_path, service.url)
        once = listed(tmp_path / "bridged")
        bundle = opened(tmp_path / "bridged" / "1.0.0", service.url)
        report = build_bridge(
            bundle, other("old", service.url, tmp_path), TASKS, tmp_path / "back" / "1.0.0"
        )
        out = tmp_path / "bridged" / "1.0.0"
        with pytest.raises(BundleError, match="1.0.0 exists and versions are immutable"):
            bridge(tmp_path, service.url)
        assert listed(tmp_path / "bridged") == once
        bundle = opened(tmp_path / "tiny" / "1.0.0", service.url)
        source = other("related", service.url, tmp_path)
        build_bridge(bundle, source, TASKS, out, overwrite=True)
    assert listed(tmp_path / "bridged") == once
    assert report.unexplained < 0.5  # the norm in between is not linear
    verify_bundle(tmp_path, "back", "1.0.0")


def test_what_cannot_be_bridged_is_named_and_leaves_nothing_behind(tmp_path: Path):
    folder = export_tiny(tmp_path)
    before = listed(tmp_path)
    out = tmp_path / "bridged" / "1.0.0"
    with encoders() as service:
        bundle, source = opened(folder, service.url), other("related", service.url, tmp_path)
        with pytest.raises(DescriptionsError, match="at least 10 tasks, got 9"):
            build_bridge(bundle, source, TASKS[:9], out)
        with pytest.raises(BundleError, match="version 'one' must be a semantic version"):
            build_bridge(bundle, source, TASKS, out.with_name("one"))
        with pytest.raises(ValueError, match="tiny 1.0.0 needs the vectors of old"):
            build_bridge(BundleGenerator(folder), source, TASKS, out)
        with pytest.raises(ServiceError, match="There is no model lost"):
            other("lost", service.url, tmp_path)
    with pytest.raises(ServiceError, match="cannot be reached"):
        build_bridge(bundle, source, TASKS, out)
    assert listed(tmp_path) == before
