"""The digest of a recipe: published results are told apart by it, so old recipes keep theirs."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from t2l.config.digest import LATER, config_digest
from t2l.config.load import config_of, load_config
from t2l.evaluate.study_variants import read_studies, recipe_digest, variant_config

TRAINING = Path(__file__).parents[2]
CHAT = {"runs": "x", "base": {"kind": "folder", "where": "m"}, "template": {"kind": "chat"}}


def test_the_recipes_of_all_published_trainings_have_the_digests_that_were_noted(
    tmp_path: Path,
) -> None:
    """Among them that of t2l-mini itself, as study `main`."""
    mini = replace(load_config(TRAINING / "configs" / "mini.yaml"), runs=str(tmp_path))
    studies = read_studies(TRAINING / "configs" / "studies.yaml")
    lines = (TRAINING / "results" / "training.jsonl").read_text().splitlines()
    checked = 0
    for row in map(json.loads, lines):
        if row["study"] == "main":
            config = mini
        else:
            changes = studies[row["study"]][row["variant"]]
            config = variant_config(mini, row["study"], row["variant"], changes)
        seeded = replace(config, sft=replace(config.sft, seed=row["train_seed"]))
        assert recipe_digest(seeded) == row["recipe"], row
        checked += 1
    assert checked > 50


def test_the_digest_in_the_bundle_of_the_smoke_recipe_is_what_it_was() -> None:
    config = load_config(TRAINING / "configs" / "smoke.yaml")
    assert config_digest(config).startswith("ae4f5d6168559a5f")


def test_folders_and_how_training_is_run_do_not_change_the_digest() -> None:
    def digest(**changes: object) -> str:
        return config_digest(config_of({"runs": "x", **changes}))

    plain = digest()
    assert digest(runs="y", bundle={"assets": "z"}, base={"continue_from": "w"}) == plain
    assert digest(trainer={"precision": "float32", "checkpoint_minutes": 1}) == plain
    assert digest(encoder={"steps": 70}) != plain
    for place, keys in LATER.items():
        part, *inner = place.split(".")
        changes: dict[str, object] = dict(keys)
        for name in reversed(inner):
            changes = {name: changes}
        assert digest(**{part: changes}) == plain


@pytest.mark.parametrize("on", ["elements", "product"])
def test_what_reconstruction_compares_changes_the_digest(on: str) -> None:
    changes = {"runs": "x", "baselines": {"reconstruction": {"on": on}}}
    assert config_digest(config_of(changes)) != config_digest(config_of({"runs": "x"}))


@pytest.mark.parametrize(
    "changes",
    [
        {"template": {"kind": "chat", "system": "x"}},
        {"template": {"kind": "chat", "definition": "always"}},
        {"base": {"kind": "folder", "where": "m", "dtype": "bfloat16"}},
        {"base": {"kind": "hub", "where": "a/b"}},
        {"tasks": {"source": "language"}},
        {"sft": {"teacher": "both"}},
        {"sft": {"teacher_shots": 2}},
    ],
)
def test_what_a_model_is_told_and_learns_changes_the_digest(changes: dict[str, object]) -> None:
    assert config_digest(config_of({**CHAT, **changes})) != config_digest(config_of(CHAT))


def test_where_a_model_and_its_tasks_lie_does_not() -> None:
    def digest(model: str, tasks: str) -> str:
        base = {"kind": "folder", "where": model}
        return config_digest(
            config_of({**CHAT, "base": base, "tasks": {"source": "sni", "where": tasks}})
        )

    assert digest("a", "b") == digest("c", "d")
