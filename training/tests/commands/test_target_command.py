"""`python -m t2l target` as a user meets it: options, files and what is refused."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from target_models_for_tests import ID, LLAMA, REVISION, folder

from t2l.base.target import TargetSpec
from t2l.commands.target_catalogue import TARGETS


def test_a_folder_that_tells_everything_needs_no_option(run_t2l, tmp_path: Path):
    spec = TargetSpec.from_json(json.loads(run_t2l("target", folder(tmp_path))))
    assert (spec.base_model.id, spec.base_model.revision) == (ID, REVISION)
    assert (spec.base_model.architecture, spec.base_model.license) == ("llama", "llama3.1")
    assert spec.layers == 32
    sizes = [(module.name, module.in_features, module.out_features) for module in spec.modules]
    assert sizes == [("q_proj", 4096, 4096), ("v_proj", 4096, 1024)]
    assert (spec.rank, spec.alpha, spec.use_rslora) == (8, 16, False)


@pytest.mark.parametrize("file", sorted(path.name for path in TARGETS.glob("*.json")))
def test_the_command_makes_the_shipped_specs(run_t2l, tmp_path: Path, file: str):
    shipped = TargetSpec.load(TARGETS / file)
    base = shipped.base_model
    sizes = {"model_type": base.architecture}
    if base.architecture == "gemma2":
        sizes |= {"hidden_size": 2304, "intermediate_size": 9216, "num_hidden_layers": 26}
        sizes |= {"num_attention_heads": 8, "num_key_value_heads": 4, "head_dim": 256}
    config = tmp_path / "model.json"
    config.write_text(json.dumps({**LLAMA, **sizes}))
    known = ("--id", base.id, "--revision", base.revision, "--license", base.license)
    out = tmp_path / "spec.json"
    assert run_t2l("target", config, *known, "--rslora", "--out", out) == ""
    assert json.loads(out.read_text()) == json.loads((TARGETS / file).read_text())
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model.json", "spec.json"]


def test_options_decide_modules_rank_and_scale(run_t2l, tmp_path: Path):
    choice = ("--modules", "down_proj,q_proj", "--rank", 4, "--alpha", 0.5, "--rslora")
    spec = TargetSpec.from_json(json.loads(run_t2l("target", folder(tmp_path), *choice)))
    assert spec.module_names == ("down_proj", "q_proj")
    assert (spec.rank, spec.alpha, spec.use_rslora) == (4, 0.5, True)


def test_options_win_over_what_the_folder_says(run_t2l, tmp_path: Path):
    known = ("--id", "a/b", "--revision", "f" * 40, "--license", "mit")
    base = json.loads(run_t2l("target", folder(tmp_path), *known))["base_model"]
    assert (base["id"], base["revision"], base["license"]) == ("a/b", "f" * 40, "mit")


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--modules", "q_proj,k_prj"), "no module 'k_prj': choose with --modules from q_proj"),
        (("--modules", "q_proj,q_proj"), "named twice"),
        (("--modules", ","), "no modules chosen"),
        (("--rank", "0"), "rank must be at least 1, got 0"),
        (("--rank", "1025"), "smaller side of v_proj, which is 1024"),
        (("--rank", "many"), "--rank"),
        (("--alpha", "0"), "alpha must be a positive number"),
        (("--alpha", "nan"), "alpha must be a positive number"),
        (("--alpha", "x"), "--alpha: must be a number, got 'x'"),
        (("--revision", "main"), "--revision: must be a commit's 40 lower-case hex digits"),
        (("--json",), "--json goes with --list"),
        (("--list",), "either MODEL or --list"),
    ],
)
def test_options_that_cannot_be_meant_are_refused(refused_by_t2l, tmp_path: Path, options, words):
    out = tmp_path / "spec.json"
    assert words in refused_by_t2l("target", folder(tmp_path / "model"), *options, "--out", out)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model"]


def test_a_missing_model_is_named(refused_by_t2l, tmp_path: Path):
    assert "give either MODEL or --list" in refused_by_t2l("target")
    assert f"{tmp_path}/none does not exist: give a folder" in refused_by_t2l(
        "target", tmp_path / "none"
    )
    assert "configs/llama.json does not exist" in refused_by_t2l("target", "configs/llama.json")
    assert f"{tmp_path}/config.json does not exist" in refused_by_t2l("target", tmp_path)


def test_a_spec_that_cannot_be_written_leaves_what_was_there(
    refused_by_t2l, run_t2l, tmp_path: Path
):
    model = folder(tmp_path / "model")
    out = tmp_path / "spec.json"
    out.write_text("mine")
    assert "lower --rank" in refused_by_t2l("target", model, "--rank", 5000, "--out", out)
    assert out.read_text() == "mine"
    assert "is not a folder: make it" in refused_by_t2l(
        "target", model, "--out", tmp_path / "none" / "spec.json"
    )
    assert "--out must name a file" in refused_by_t2l("target", model, "--out", tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["model", "spec.json"]
    run_t2l("target", model, "--out", out)
    assert TargetSpec.load(out).layers == 32
