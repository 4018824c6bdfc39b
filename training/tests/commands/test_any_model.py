"""Any causal language model is trained for by configuration alone, on text with any characters."""

import json
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
import torch
from families_for_tests import save_family
from recipe_for_tests import recipe

from t2l.commands import stages
from t2l.config.errors import ConfigError
from t2l.evaluate.conditions import conditions_of
from t2l.evaluate.opening import open_base
from t2l.evaluate.results import merged, read_rows
from t2l.evaluate.run import load_hypernetwork, report_tasks, results_dir
from t2l.train.objectives.oracles import oracle_names


@pytest.mark.parametrize("family", ["llama", "mistral", "gemma2", "gemma3_text", "qwen2"])
def test_a_hypernetwork_is_trained_through_any_family(
    tmp_path: Path, published_encoder: Path, family: str
) -> None:
    save_family(family, tmp_path / "model")
    config = recipe(tmp_path, published_encoder)
    stages.base(config)  # which has nothing to train
    stages.sft(config)
    network = load_hypernetwork(config)
    record = network.target.base_model
    assert (record.id, record.license) == ("someone/tiny", "apache-2.0")
    assert record.architecture == family
    assert [module.path for module in network.target.modules] == [
        "self_attn.q_proj",
        "mlp.down_proj",
    ]
    facts = json.loads((config.run_dir / "sft" / "seed-0" / "final" / "training.json").read_text())
    assert facts["steps"] == 3 and facts["tokens"] > 0
    weights = network(torch.randn(1, 384))
    assert float(weights["q_proj"][1].detach().abs().max()) > 0  # B begins with zeros


def test_other_weights_under_a_begun_run_are_refused(
    tmp_path: Path, published_encoder: Path
) -> None:
    save_family("llama", tmp_path / "model")
    config = recipe(tmp_path, published_encoder)
    stages.sft(config)
    shutil.rmtree(tmp_path / "model")
    save_family("llama", tmp_path / "model", seed=1)
    assert open_base(config).record.id == "someone/tiny"
    with pytest.raises(ValueError, match="was begun with base_model"):
        stages.sft(config)


def test_every_condition_of_chat_models_is_measured(
    tmp_path: Path, published_encoder: Path
) -> None:
    save_family("llama", tmp_path / "model")
    small = {"steps": 2, "warmup": 1}
    config = recipe(
        tmp_path,
        published_encoder,
        evaluation={
            "train_seeds": [0],
            "sampling_seeds": [1],
            "samples": 2,
            "descriptions": 1,
            "seen_tasks": 2,
            "left_out": 0,
        },
        baselines={
            "training_oracles": 2,
            "oracles": {**small, "examples": 2},
            "multi_task": {**small, "rates": [0.001], "tasks": 2, "samples": 2},
            "hyperdecoder": {**small, "tasks": 2, "whitening_rows": 8},
            "arrow": {"experts": 2, "top_k": 1},
        },
    )
    for stage in (stages.oracles, stages.sft, stages.baselines, stages.evaluate):
        stage(config)
    rows = read_rows(results_dir(config) / "main.jsonl")
    of_report = [row.exact_match for row in rows if row.split == "report"]
    measured = {name for scores in of_report for name in scores}
    assert measured == set(conditions_of("chat"))
    assert all(0 <= value <= 1 for scores in of_report for value in scores.values())
    assert all(row.rouge_l.keys() == row.exact_match.keys() for row in rows)  # Arrow's too


def test_a_recipe_may_give_only_some_unseen_tasks_an_adapter_of_their_own(
    tmp_path: Path, published_encoder: Path
) -> None:
    save_family("llama", tmp_path / "model")
    trained = {"train_seeds": [0], "sampling_seeds": [1, 2], "samples": 2, "descriptions": 1}
    left = ["mean_oracle", "retrieval", "arrow", "multi_task", "hyperdecoder"]
    config = recipe(
        tmp_path,
        published_encoder,
        evaluation={**trained, "left_out": 0, "leave_out": left, "oracle_tasks": 1},
        tasks={"source": "folder", "where": "tasks", "report": 0.5},
        baselines={"training_oracles": 2, "oracles": {"steps": 2, "warmup": 1, "examples": 2}},
    )
    assert len(report_tasks(config)) > 1
    for stage in (stages.oracles, stages.sft, stages.evaluate):
        stage(config)
    # one unseen task; no condition is made of the adapters of training tasks
    assert len(oracle_names(config.run_dir)) == 1
    of_report = [
        row.exact_match
        for row in merged(read_rows(results_dir(config) / "main.jsonl")).values()
        if row.split == "report"
    ]
    # of each sampling seed
    assert sum("oracle" in scores for scores in of_report) == 2
    assert sum("matched" in scores for scores in of_report) == 2 * len(report_tasks(config))


def test_conditions_that_a_recipe_leaves_out_train_nothing(
    tmp_path: Path, published_encoder: Path
) -> None:
    save_family("llama", tmp_path / "model")
    evaluation = {"train_seeds": [0], "sampling_seeds": [1], "samples": 2, "descriptions": 1}
    left = ["oracle", "mean_oracle", "retrieval", "arrow", "multi_task", "hyperdecoder"]
    config = recipe(
        tmp_path, published_encoder, evaluation={**evaluation, "left_out": 0, "leave_out": left}
    )
    for stage in (stages.oracles, stages.sft, stages.baselines, stages.evaluate):
        stage(config)
    made = {path.name for path in config.run_dir.iterdir()}
    assert not made & {"oracles", "multi_task", "hyperdecoder"}
    rows = read_rows(results_dir(config) / "main.jsonl")
    measured = {name for row in rows if row.split == "report" for name in row.exact_match}
    assert measured == set(conditions_of("chat")) - set(left)


def test_a_recipe_whose_bundle_would_be_refused_trains_nothing(
    tmp_path: Path, published_encoder: Path
) -> None:
    """Before, hours of training ended with the last stage's refusal."""
    save_family("llama", tmp_path / "model")
    config = recipe(tmp_path, published_encoder)
    with pytest.raises(ConfigError, match="tasks: 1 for selection, but a bundle needs 5"):
        stages.everything(config)
    few = replace(config, tasks=replace(config.tasks, report=0.1, selection=0.9))
    with pytest.raises(ConfigError, match=r"tasks: \d for training, but a bundle needs 8"):
        stages.everything(few)
    assert {path.name for path in config.run_dir.iterdir()} == {"minilm"}
