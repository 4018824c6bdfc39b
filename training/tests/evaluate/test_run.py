"""A run's parts: which tasks are measured, what the run is, and where its results go."""

import json
import logging
from dataclasses import replace
from pathlib import Path

import pytest
from adapters_for_tests import CONFIG, tiny_base, tiny_corpus

from t2l.config.load import config_of, load_config
from t2l.config.recipe import Config
from t2l.evaluate import opening, run
from t2l.evaluate.checks import check_tasks
from t2l.evaluate.identity import network_identity
from t2l.evaluate.opening import (
    base_source,
    device_of,
    identity_of,
    open_base,
    open_template,
    target_of,
)
from t2l.evaluate.run import is_published, keep_apart, left_out_tasks, results_dir, tasks_of
from t2l.hypernet.hypernetwork import Hypernetwork, HypernetworkConfig

MINI = load_config(Path(__file__).parents[2] / "configs" / "mini.yaml")


def test_every_left_out_shape_is_measured_and_about_equally_often() -> None:
    measured = [task.family for task in left_out_tasks(MINI)]
    assert set(measured) == {task.family for task in tasks_of(MINI).left_out}
    counts = {family: measured.count(family) for family in measured}
    assert len(measured) == MINI.evaluation.left_out
    assert max(counts.values()) - min(counts.values()) <= 1


def test_the_base_model_of_a_run_is_its_own_or_the_one_that_it_names(tmp_path: Path) -> None:
    ours = base_source(replace(MINI, runs=str(tmp_path)))
    assert (ours.kind, ours.where) == ("mini", str(tmp_path / "base" / "final"))
    values = {
        "runs": "x",
        "base": {"kind": "hub", "where": "a/b", "revision": "c", "dtype": "bfloat16"},
        "template": {"kind": "chat"},
    }
    theirs = base_source(config_of(values))
    assert (theirs.kind, theirs.where, theirs.revision) == ("hub", "a/b", "c")
    assert theirs.dtype == "bfloat16"


def test_precision_is_what_the_recipe_says() -> None:
    for precision in ("float32", "bfloat16"):
        config = replace(CONFIG, trainer=replace(CONFIG.trainer, precision=precision))
        assert device_of(config).bfloat16 == (precision == "bfloat16")


def with_base(folder: Path) -> Config:
    config = replace(CONFIG, runs=str(folder))
    tiny_base(folder / "base" / "final")
    return config


def test_other_weights_make_another_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "open_encoder", lambda config: object())
    config = with_base(tmp_path)
    base = open_base(config)
    template = open_template(config, base)
    before = identity_of(config, base, template, tiny_corpus())
    assert before == identity_of(config, open_base(config), template, tiny_corpus())
    other = tiny_corpus(3)
    assert before["corpus"] != identity_of(config, base, template, other)["corpus"]
    weights = tmp_path / "base" / "final" / "model.safetensors"
    changed = bytearray(weights.read_bytes())
    changed[-1] ^= 1
    weights.write_bytes(bytes(changed))
    after = identity_of(config, open_base(config), template, tiny_corpus())
    assert {key for key in before if before[key] != after[key]} == {"base_model"}
    json.dumps(before)  # it lies in checkpoints


def publishing(folder: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Config, Hypernetwork, Path]:
    """A recipe that publishes, a network of it, and the note of whose rows are published."""
    monkeypatch.setattr(run, "RESULTS", folder / "results")
    config = replace(with_base(folder / "run"), publish="tiny")
    target = target_of(config, open_base(config))
    network = Hypernetwork(HypernetworkConfig("S", 8, latent=16, head_in=16), target)
    file = folder / "results" / "tiny" / "main.networks.json"
    file.parent.mkdir(parents=True)
    return config, network, file


def test_published_results_are_left_alone_by_a_network_that_was_trained_elsewhere(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    config, network, file = publishing(tmp_path, monkeypatch)
    for known in ({}, {"main/S/0": network_identity(network)}):
        file.write_text(json.dumps(known))
        keep_apart(config, network)
        assert is_published(config) and results_dir(config) == file.parent
    file.write_text(json.dumps({"main/S/0": "0" * 64}))
    keep_apart(config, network)
    assert not is_published(config)
    assert results_dir(config) == config.run_dir / "results"
    assert "trained elsewhere" in caplog.text


@pytest.mark.parametrize("other", ["main/M/0", "main/S/1"])
def test_a_copy_that_still_publishes_elsewhere_has_its_results_apart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, other: str
) -> None:
    config, network, file = publishing(tmp_path, monkeypatch)
    file.write_text(json.dumps({"main/base/-1": "0" * 40, other: "0" * 64}))
    keep_apart(config, network)
    assert results_dir(config) == config.run_dir / "results"


def test_a_published_run_may_have_one_seed_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(run, "RESULTS", tmp_path / "results")
    config = replace(with_base(tmp_path / "run"), publish="tiny")
    target = target_of(config, open_base(config))
    shape = HypernetworkConfig("S", 8, latent=16, head_in=16)
    first, second = Hypernetwork(shape, target), Hypernetwork(shape, target)
    first.save(config.run_dir / "sft" / "seed-0" / "final")
    file = tmp_path / "results" / "tiny" / "main.networks.json"
    file.parent.mkdir(parents=True)
    file.write_text(json.dumps({"main/S/0": network_identity(first)}))
    keep_apart(run.with_seed(config, 1), second)
    assert is_published(config)


def test_a_side_of_the_split_without_tasks_is_named(tmp_path: Path) -> None:
    tasks = tmp_path / "tasks"
    tasks.mkdir()
    for name in "abc":
        rows = "".join(f'{{"input": "{n}", "output": "x"}}\n' for n in range(9))
        (tasks / f"{name}.jsonl").write_text('{"description": "d"}\n' + rows)
    values = {
        "runs": "x",
        "base": {"kind": "folder", "where": "m"},
        "template": {"kind": "chat"},
        "tasks": {"source": "folder", "where": str(tasks), "report": 1.0, "selection": 0.0},
    }
    with pytest.raises(ValueError, match="tasks: there is none for train"):
        check_tasks(config_of(values))
    values["tasks"] = {"source": "folder", "where": str(tasks)}
    check_tasks(config_of(values))
