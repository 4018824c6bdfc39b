"""The whole recipe at toy size: every stage runs, restarts do nothing, the bundle is whole."""

import json
import subprocess
import sys
from pathlib import Path

import yaml

from t2l.base_model import load_base_model
from t2l.hypernetwork import Hypernetwork
from t2l.manifest import verify_bundle

TRAINING = Path(__file__).parent.parent
ENCODER = TRAINING.parent / "src/assets/hypernets/encoders/all-minilm-l6-v2"


def run_recipe(folder: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "t2l", "all", "--config", str(folder / "smoke.yaml")],
        cwd=TRAINING,
        check=True,
        timeout=600,
    )


def test_the_smoke_recipe_makes_a_bundle_that_verifies_and_restarts_for_free(
    tmp_path: Path,
) -> None:
    config = yaml.safe_load((TRAINING / "configs" / "smoke.yaml").read_text())
    config["runs"], config["bundle"]["assets"] = "run", "assets"
    (tmp_path / "smoke.yaml").write_text(yaml.safe_dump(config))
    hypernets = tmp_path / "assets" / "hypernets"

    run_recipe(tmp_path)
    digest = verify_bundle(hypernets, "t2l-smoke", "0.0.1")
    index = json.loads((hypernets / "index.json").read_text())
    assert index["bundles"] == [{"name": "t2l-smoke", "version": "0.0.1", "digest": digest}]

    for shipped in sorted(ENCODER.iterdir()):
        made = hypernets / "encoders" / ENCODER.name / shipped.name
        assert made.read_bytes() == shipped.read_bytes(), shipped.name

    run = tmp_path / "run"
    target = Hypernetwork.load(run / "sft" / "final").target
    assert target.layers == load_base_model(run / "base" / "final").config.num_hidden_layers
    report = json.loads((run / "evaluation.json").read_text())
    assert set(report["unseen"]["conditions"]) >= {"zero_shot", "matched", "shuffled", "static"}
    demo = json.loads((tmp_path / "assets" / "demo" / "unseen-tasks.json").read_text())
    assert all(len(task["samples"]) == 200 for task in demo["tasks"])
    assert all(task["description"] != task["held_out"] for task in demo["tasks"])
    assert (tmp_path / "assets" / "base-models" / "t2l-smoke-base" / "lm.onnx").exists()

    trained = (run / "sft" / "final" / "hypernetwork.safetensors").stat().st_mtime_ns
    run_recipe(tmp_path)
    assert (run / "sft" / "final" / "hypernetwork.safetensors").stat().st_mtime_ns == trained
    assert verify_bundle(hypernets, "t2l-smoke", "0.0.1") == digest
