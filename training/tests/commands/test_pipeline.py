"""The whole recipe at toy size: every stage runs, restarts do nothing, the bundle is whole."""

import json
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from t2l.base.files import load_base_model
from t2l.commands import stages
from t2l.config.recipe import Config, ConfigError, load_config
from t2l.encoders.info import TUNED_FOLDER
from t2l.encoders.onnx_encoder import MODEL_FILE, TOKENIZER_FILE
from t2l.evaluate.conditions import WITHOUT_HYPERNETWORK, conditions_of
from t2l.evaluate.results import ResultRow, read_rows
from t2l.evaluate.run import (
    left_out_tasks,
    report_tasks,
    results_dir,
    tasks_of,
    training_oracle_tasks,
)
from t2l.evaluate.studies import run_study
from t2l.export.bundle.manifest import read_manifest, verify_bundle
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.report.build import build_report
from t2l.train.objectives.oracle_store import oracle_names

TRAINING = Path(__file__).parents[2]
CONDITIONS = conditions_of("arrow")
CONTROLS = [name for name in CONDITIONS if name not in WITHOUT_HYPERNETWORK]


@pytest.fixture(scope="module")
def smoke(tmp_path_factory: pytest.TempPathFactory) -> Config:
    """The smoke recipe, run by its command line into a folder of its own."""
    folder = tmp_path_factory.mktemp("smoke")
    config = yaml.safe_load((TRAINING / "configs" / "smoke.yaml").read_text())
    config["runs"], config["bundle"]["assets"] = "run", "assets"
    path = folder / "smoke.yaml"
    path.write_text(yaml.safe_dump(config))
    command = [sys.executable, "-m", "t2l", "all", "--config", str(path)]
    subprocess.run(command, cwd=TRAINING, check=True, timeout=1200)
    return load_config(path)


def files_of(folder: Path) -> dict[str, int]:
    """When each file of a run was last written."""
    files = (path for path in folder.rglob("*") if path.is_file())
    return {str(path): path.stat().st_mtime_ns for path in files}


def main_rows(config: Config, split: str, train_seed: int) -> list[ResultRow]:
    rows = read_rows(results_dir(config) / "main.jsonl")
    return [row for row in rows if row.split == split and row.train_seed == train_seed]


def test_the_bundle_verifies_and_is_listed(smoke: Config) -> None:
    hypernets = smoke.assets_dir / "hypernets"
    digest = verify_bundle(hypernets, "t2l-smoke", "0.0.1")
    index = json.loads((hypernets / "index.json").read_text())
    assert index["bundles"] == [{"name": "t2l-smoke", "version": "0.0.1", "digest": digest}]
    manifest, _ = read_manifest(hypernets / "t2l-smoke" / "0.0.1")
    assert manifest["encoder"]["files"] == {
        "model": f"{TUNED_FOLDER}/{MODEL_FILE}",
        "tokenizer": f"{TUNED_FOLDER}/{TOKENIZER_FILE}",
    }
    assert set(manifest["evaluation"]) == {"settings", "report", "left_out", "seen"}
    base = smoke.assets_dir / "base-models" / "t2l-smoke-base"
    assert (base / "lm.onnx").exists()
    assert (base / "model.safetensors").read_bytes() == (
        smoke.run_dir / "base" / "final" / "model.safetensors"
    ).read_bytes()


def test_the_network_is_for_the_base_model(smoke: Config) -> None:
    target = Hypernetwork.load(smoke.run_dir / "sft" / "seed-0" / "final").target
    base = load_base_model(smoke.run_dir / "base" / "final")
    assert target.layers == base.config.num_hidden_layers


@pytest.mark.parametrize("split", ["report", "left_out", "seen"])
def test_every_control_and_baseline_is_measured_on_every_split(smoke: Config, split: str) -> None:
    for train_seed, wanted in (
        (0, set(CONTROLS)),
        (-1, set(CONDITIONS) & set(WITHOUT_HYPERNETWORK)),
    ):
        if split == "seen":
            wanted = wanted - {"oracle"}  # not every training task has one
        rows = main_rows(smoke, split, train_seed)
        assert rows
        for row in rows:
            assert set(row.exact_match) == wanted, row.task
            assert row.samples == smoke.evaluation.samples


def test_unseen_tasks_of_the_report_have_oracles_too(smoke: Config) -> None:
    tasks = [*training_oracle_tasks(smoke), *report_tasks(smoke), *left_out_tasks(smoke)]
    assert set(oracle_names(smoke.run_dir)) == {task.name for task in tasks}


def test_the_demo_asks_every_task_of_the_report_in_known_and_unknown_words(smoke: Config) -> None:
    demo = json.loads((smoke.assets_dir / "demo" / "unseen-tasks.json").read_text())
    assert 0 <= demo["python"] <= 1
    assert [task["name"] for task in demo["tasks"]] == [task.name for task in report_tasks(smoke)]
    for task, row in zip(report_tasks(smoke), demo["tasks"], strict=True):
        assert len(row["samples"]) == 24
        assert row["description"] in task.descriptions("held_out", 1, 20_000)
        assert row["description"] != row["known_words"]
        assert all(sample["prompt"].endswith(" -> ") for sample in row["samples"])


def test_a_restart_does_nothing_again(smoke: Config) -> None:
    verified = verify_bundle(smoke.assets_dir / "hypernets", "t2l-smoke", "0.0.1")
    before = files_of(smoke.run_dir)
    stages.everything(smoke)
    after = files_of(smoke.run_dir)
    assert before.keys() == after.keys()
    written = {Path(path).name for path, when in after.items() if when != before[path]}
    assert written <= {
        "evaluation.json",
        "index.json",
        "fit.jsonl",
        "fit_levels.jsonl",
    }  # summaries, written anew
    assert verify_bundle(smoke.assets_dir / "hypernets", "t2l-smoke", "0.0.1") == verified


def test_a_refit_is_the_next_version_of_the_same_network(smoke: Config, tmp_path: Path) -> None:
    """Of a copy, so that no other test finds a second bundle."""
    hypernets = shutil.copytree(smoke.assets_dir / "hypernets", tmp_path / "assets" / "hypernets")
    own = replace(smoke.bundle, version="0.0.2", assets=str(tmp_path / "assets"), sizes="Three.")
    config = replace(smoke, bundle=own)
    old, new = (hypernets / "t2l-smoke" / version for version in ("0.0.1", "0.0.2"))
    stages.refit(config, old)
    verify_bundle(hypernets, "t2l-smoke", "0.0.2")
    for path in old.iterdir():
        same = path.read_bytes() == (new / path.name).read_bytes()
        assert same != (path.name in ("manifest.json", "fit.f16")), path.name
    was, now = (read_manifest(folder)[0]["fit"] for folder in (old, new))
    assert now["sizes"] == "Three." and now["tasks"] == was["tasks"]
    assert "calibration" in now and "predictor" not in now
    with pytest.raises(ConfigError, match="0.0.2 exists already"):
        stages.refit(config, old)
    other = replace(config, bundle=replace(own, name="other", version="0.0.3"))
    with pytest.raises(ConfigError, match="is t2l-smoke, but bundle.name is other"):
        stages.refit(other, old)
    larger = replace(config.target, rank=config.target.rank + 1)
    wrong = replace(config, bundle=replace(own, version="0.0.3"), target=larger)
    with pytest.raises(ConfigError, match="differs from that of .*: rank"):
        stages.refit(wrong, old)
    with pytest.raises(FileNotFoundError, match="no bundle there"):
        stages.refit(config, tmp_path / "nothing")


def test_reconstruction_studies_and_the_report_follow_on_the_same_run(
    smoke: Config, tmp_path: Path
) -> None:
    stages.reconstruction(smoke)
    studies = tmp_path / "studies.yaml"
    studies.write_text("head_in: {16: {hypernetwork: {head_in: 16}}, 64: {}}\n")
    for _ in range(2):  # the second time does nothing
        run_study(smoke, "head_in", studies, results_dir(smoke))
    rows = read_rows(results_dir(smoke) / "studies.jsonl")
    selection = {task.name for task in tasks_of(smoke).selection}
    assert {row.task for row in rows} == selection
    assert sorted(row.variant for row in rows) == sorted(["16", "64"] * len(selection))
    text = build_report(results_dir(smoke), tmp_path / "docs", smoke).read_text(encoding="utf-8")
    for name in ("matched", "shuffled", "oracle", "arrow"):
        assert f"(`{name}`) | {len(report_tasks(smoke))} |" in text
    assert "| `16` |" in text and "| `64` |" in text
