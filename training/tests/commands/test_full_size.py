"""Recipes for models of the hub load and plan with no network; the docs have what they take.

`plan` reads configs of the repository alone, so any look at the hub is an error here.
"""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import torch
import yaml
from command_for_tests import Command
from families_for_tests import save_family, tiny_tokenizer
from plan_for_tests import CONFIGS, language_config, planned, rows_of

from t2l.base.families import read_config
from t2l.base.target import TargetSpec
from t2l.commands.plan_base import SHAPES, outline
from t2l.commands.plan_gpus import GPUS
from t2l.config.load import config_of, load_config
from t2l.config.recipe import PretrainedConfig

DOCUMENT = Path(__file__).parents[3] / "docs" / "training.md"
WEIGHTS = {  # as the hub's pages count them
    "mistral-7b": 7_241_732_096,
    "llama-3.1-8b": 8_030_261_248,
    "gemma-2-2b": 2_614_341_888,
    "qwen2.5-7b": 7_615_616_512,
    "smollm2-1.7b": 1_711_376_384,
}


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Nothing is in the hub's cache, and nobody asks the hub."""

    def refuse(*arguments: object, **options: object) -> None:
        raise AssertionError(f"plan asked the hub: {arguments}")

    monkeypatch.setattr("t2l.base.locating.snapshot_download", refuse)
    monkeypatch.setattr("t2l.commands.plan_base.try_to_load_from_cache", lambda *_, **__: None)


@pytest.mark.parametrize("name", WEIGHTS)
def test_a_recipe_for_a_model_of_the_hub_plans_with_nothing_fetched(
    name: str, run_t2l: Command
) -> None:
    path = CONFIGS / f"{name}.yaml"
    config = load_config(path)
    assert isinstance(config.base, PretrainedConfig) and config.base.dtype == "bfloat16"
    assert re.fullmatch(r"[0-9a-f]{40}", config.base.revision or "")
    plan = planned(run_t2l, "--config", path)
    assert plan["base_model"]["id"] == config.base.where
    assert plan["base_model"]["revision"] == config.base.revision
    assert plan["parameters"]["base model"] == WEIGHTS[name]
    assert plan["work"]["figures"] == "assumed" and "is not there" in plan["work"]["because"]
    assert plan["work"]["training_tasks"] == 468 and plan["here"] is None
    one, eight = plan["on_gpus"]["runs"]
    assert one["bytes_on_each"]["base model"] == 2 * WEIGHTS[name]  # and no copy beside it
    assert eight["hours"] == pytest.approx(one["hours"] / 8)
    assert eight["dollars"] == pytest.approx(one["dollars"])


def test_text_and_json_say_the_same_and_tell_what_is_assumed(run_t2l: Command) -> None:
    path = CONFIGS / "mistral-7b.yaml"
    options = ("--config", path, "--gpu", "h200", "--utilisation", "50", "--price", "2")
    text, plan = run_t2l("plan", *options), planned(run_t2l, *options)
    rows, found = rows_of(text), plan["on_gpus"]
    assert "work, assumed, because tasks.where" in text
    assert "memory on each h200, estimated" in text
    assert "estimated at 50% of 989 TFLOP/s, not measured" in text and "measure to" not in text
    assert (found["utilisation"], found["dollars_an_hour"]) == (0.5, 2.0)
    for number, run in enumerate(found["runs"]):
        in_all = rows["about, in all"].split("GB")[number].strip()
        assert float(in_all) == pytest.approx(run["bytes_in_all"] / 1e9, abs=0.006)
        assert rows["hours"].split()[number] == f"{run['hours']:,.1f}"
        assert rows["cost"].split()[number] == f"${run['dollars']:,.0f}"
        assert run["dollars"] == pytest.approx(run["hours"] * run["gpus"] * 2)
    step = plan["work"]["step"]
    assert rows["a step"] == f"8 tasks x 1 examples, {step['tokens']:,.0f} tokens"


@pytest.mark.parametrize("name", ["mistral-7b", "llama-3.1-8b", "gemma-2-2b"])
def test_written_configs_have_the_shapes_of_the_shipped_targets(name: str) -> None:
    config = load_config(CONFIGS / f"{name}.yaml")
    target = outline(config).target(config)
    shipped = {
        spec.base_model.id: spec for spec in map(TargetSpec.load, CONFIGS.glob("targets/*.json"))
    }
    assert target == shipped[target.base_model.id]


def test_every_written_config_has_a_recipe() -> None:
    named = {read_config(path)["_name_or_path"] for path in SHAPES.glob("*.json")}
    bases = [load_config(CONFIGS / f"{name}.yaml").base for name in WEIGHTS]
    assert named == {base.where for base in bases if isinstance(base, PretrainedConfig)}


def test_without_files_and_assumptions_it_says_what_to_fetch_or_to_say(
    refused_by_t2l: Command, tmp_path: Path
) -> None:
    values = yaml.safe_load((CONFIGS / "mistral-7b.yaml").read_text())
    del values["plan"]
    path = tmp_path / "bare.yaml"
    path.write_text(yaml.safe_dump(values))
    message = refused_by_t2l("plan", "--config", path)
    assert "no such folder" in message
    assert "`git clone https://github.com/SakanaAI/text-to-lora`" in message
    assert "git clone" in refused_by_t2l("sft", "--config", path)


def test_more_gpus_than_tasks_wait(run_t2l: Command) -> None:
    path = CONFIGS / "smollm2-1.7b.yaml"
    plan = planned(run_t2l, "--config", path, "--gpus", "8,12")
    eight, twelve = plan["on_gpus"]["runs"]
    assert (twelve["idle"], twelve["hours"]) == (4, eight["hours"])
    assert "4 GPUs would have no task" in run_t2l("plan", "--config", path, "--gpus", "12")


def test_files_and_tokenizer_that_are_here_are_counted(
    run_t2l: Command, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    tiny_tokenizer("mistral").save_pretrained(tmp_path / "cached")
    cached = str(tmp_path / "cached" / "tokenizer_config.json")
    monkeypatch.setattr("t2l.commands.plan_base.try_to_load_from_cache", lambda *_, **__: cached)
    save_family("mistral", tmp_path / "model")
    base = {"kind": "hub", "where": "mistralai/Mistral-7B-Instruct-v0.2", "dtype": "bfloat16"}
    path = language_config(tmp_path, base=base)
    plan = planned(run_t2l, "--config", path, "--gpus", "1")
    assert plan["work"]["figures"] == "counted" and plan["work"]["because"] is None
    assert plan["work"]["training_tasks"] == 4
    assert plan["on_gpus"]["runs"][0]["hours"] > 0


def test_a_recipe_of_this_machine_is_planned_for_gpus_too(run_t2l: Command) -> None:
    path = CONFIGS / "smoke.yaml"
    plain = run_t2l("plan", "--config", path)
    asked = run_t2l("plan", "--config", path, "--gpus", "1")
    assert asked.startswith(plain.rstrip("\n")) and "h100" in asked and "h100" not in plain


def test_prices_have_a_source_and_a_day_and_sizes_rise() -> None:
    assert [gpu.memory for gpu in GPUS] == sorted(gpu.memory for gpu in GPUS)
    for gpu in GPUS:
        assert re.fullmatch(r"2\d{3}-\d\d-\d\d", gpu.read) and gpu.source and gpu.price > 0


def test_the_table_of_the_docs_is_what_plan_says(run_t2l: Command) -> None:
    lines = re.findall(r"^\| `([\w.-]+)` \| (\S+) \|(.+)\|$", DOCUMENT.read_text(), re.MULTILINE)
    assert {name for name, *_ in lines} == set(WEIGHTS)
    for name, gpu, cells in lines:
        options = ("--config", CONFIGS / f"{name}.yaml", "--gpu", gpu)
        runs = planned(run_t2l, *options)["on_gpus"]["runs"]
        wanted = []
        for run in runs:
            wanted += [f"{run['bytes_in_all'] / 1e9:.1f} GB", f"{run['hours']:,.0f} h"]
        wanted.append(f"${runs[0]['dollars']:,.0f}")
        assert [cell.strip() for cell in cells.split("|")] == wanted, (name, gpu)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ({"tasks": 3}, "plan.prompt is missing; give all of a plan's assumptions or none"),
        (
            {"tasks": 3, "prompt": 9, "answer": 3, "longest": 10},
            "plan.longest 10 is shorter than prompt and answer together, 12",
        ),
        ({"task": 3}, "plan.task is no key of plan; did you mean tasks?"),
    ],
)
def test_wrong_assumptions_are_refused(text: dict[str, int], said: str) -> None:
    with pytest.raises(ValueError, match=re.escape(said)):
        config_of({"runs": "x", "plan": text})


def test_a_second_of_meta_tensors_holds_nothing() -> None:
    config = load_config(CONFIGS / "llama-3.1-8b.yaml")
    assert {p.device for p in outline(config).model.parameters()} == {torch.device("meta")}
