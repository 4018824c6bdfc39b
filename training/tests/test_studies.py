"""Studies: a variant changes what it says and nothing else, on the run's own base and tasks."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from t2l.config import Config, ConfigError, StudyConfig, TasksConfig, load_config
from t2l.stages import STUDIES
from t2l.studies import read_studies, run_study, variant_config


@pytest.fixture
def config(tmp_path: Path) -> Config:
    run = tmp_path / "run"
    for name in ("base", "encoder", "oracles"):
        (run / name).mkdir(parents=True)
        (run / name / "made").touch()
    return Config(runs=str(run), tasks=TasksConfig(limit=16), study=StudyConfig(steps=9))


def flat(values: dict[str, Any], place: str = "") -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = f"{place}{key}"
        found |= flat(value, f"{name}.") if isinstance(value, dict) else {name: value}
    return found


def changed(config: Config, other: Config) -> dict[str, Any]:
    before, after = flat(asdict(config)), flat(asdict(other))
    assert before.keys() == after.keys()
    return {key: value for key, value in after.items() if before[key] != value}


def test_a_variant_changes_what_it_says_its_steps_and_its_folder(config: Config) -> None:
    other = variant_config(config, "rank", "4", {"target": {"rank": 4, "alpha": 8.0}})
    assert changed(config, other) == {
        "runs": str(config.run_dir / "studies" / "rank" / "4"),
        "sft.steps": 9,
        "target.rank": 4,
        "target.alpha": 8.0,
    }


def test_a_variant_can_have_steps_of_its_own(config: Config) -> None:
    other = variant_config(config, "steps", "long", {"sft": {"steps": 77}})
    assert other.sft.steps == 77


def test_variants_share_what_the_run_has_made_and_keep_their_own_networks(config: Config) -> None:
    for variant in ("a", "b", "a"):  # a second time too
        other = variant_config(config, "s", variant, {})
        for name in ("base", "encoder", "oracles"):
            assert (other.run_dir / name).resolve() == (config.run_dir / name).resolve()
            assert (other.run_dir / name / "made").exists()
        assert not (other.run_dir / "sft").exists()


@pytest.mark.parametrize(
    "changes",
    [{"base": {"steps": 7}}, {"tasks": {"limit": 8}}, {"tasks": {"seed": 1}}],
)
def test_a_variant_cannot_have_another_base_model_or_other_tasks(
    config: Config, changes: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match="cannot change the base model"):
        variant_config(config, "s", "v", changes)


def test_a_mistake_in_a_variant_is_named(config: Config) -> None:
    with pytest.raises(ConfigError, match="target.ranks"):
        variant_config(config, "s", "v", {"target": {"ranks": 4}})


def test_an_unknown_study_is_refused_with_those_that_there_are(
    config: Config, tmp_path: Path
) -> None:
    (tmp_path / "studies.yaml").write_text("one: {a: {}}\ntwo: {a: {sft: {lr: 0.1}}, 8: }\n")
    with pytest.raises(ConfigError, match="no study 'three' in .*; there are: one, two"):
        run_study(config, "three", tmp_path / "studies.yaml", tmp_path)
    assert read_studies(tmp_path / "studies.yaml")["two"] == {"a": {"sft": {"lr": 0.1}}, "8": {}}


def test_every_shipped_study_has_several_variants_that_can_be_run(tmp_path: Path) -> None:
    mini = replace(load_config(STUDIES.parent / "mini.yaml"), runs=str(tmp_path))
    studies = read_studies(STUDIES)
    for study, variants in studies.items():
        made = {name: variant_config(mini, study, name, row) for name, row in variants.items()}
        recipes = {str(asdict(replace(one, runs=""))) for one in made.values()}
        assert len(recipes) == len(variants) > 1, study
