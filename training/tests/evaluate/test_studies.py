"""Studies: a variant changes what it says and nothing else, on the run's own base and tasks."""

from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

import pytest

from t2l.commands.evaluate_stages import STUDIES
from t2l.config.recipe import (
    ChatConfig,
    Config,
    ConfigError,
    EncoderConfig,
    FileTasks,
    PretrainedConfig,
    SftConfig,
    StudyConfig,
    TasksConfig,
    load_config,
)
from t2l.evaluate import studies
from t2l.evaluate.identity import claim
from t2l.evaluate.results import ResultRow, append_rows, read_rows
from t2l.evaluate.studies import run_study
from t2l.evaluate.study_variants import read_studies, variant_config
from t2l.report.studies import MINI_STUDIES, OTHER_STUDIES


@pytest.fixture
def config(tmp_path: Path) -> Config:
    run = tmp_path / "run"
    for name in ("base", "encoder", "oracles"):
        (run / name).mkdir(parents=True)
        (run / name / "made").touch()
    return Config(runs=str(run), tasks=TasksConfig(limit=16), study=StudyConfig(steps=60))


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
    assert other.run_dir.parent == config.run_dir / "studies"
    assert changed(config, other) == {
        "runs": str(other.run_dir),
        "sft.steps": 60,
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


def test_variants_change_the_studies_recipe_not_the_run_s(config: Config) -> None:
    run = replace(config, sft=SftConfig(distill=10.0))
    study = StudyConfig(steps=60, recipe={"sft": {"distill": 0.0}})
    plain = variant_config(replace(run, study=study), "x", "plain", {})
    assert plain.sft == SftConfig(distill=0.0, steps=60) and plain.run_dir != run.run_dir
    other = variant_config(replace(run, study=study), "x", "y", {"sft": {"distill": 2.0}})
    assert other.sft.distill == 2.0


def test_the_same_recipe_has_one_folder_in_every_study_and_another_recipe_has_not(
    config: Config,
) -> None:
    plain = variant_config(config, "one", "a", {})
    said = variant_config(config, "two", "b", {"target": {"rank": config.target.rank}})
    other = variant_config(config, "two", "c", {"target": {"rank": 2}})
    assert plain.run_dir == said.run_dir != other.run_dir


def test_what_is_measured_of_a_network_counts_in_every_study_that_has_it(
    config: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "studies.yaml").write_text("one: {a: {}}\ntwo: {b: {}, c: {sft: {lr: 0.1}}}\n")
    trained: list[Path] = []

    def train(seeded: Config, corpus: object) -> None:
        final = seeded.run_dir / "sft" / "seed-0" / "final"
        if not final.exists():
            trained.append(seeded.run_dir)
            final.mkdir(parents=True)
            (final / "training.json").write_text('{"steps": 9}')

    def measured(*_: object, study: str, variant: str, **__: object) -> None:
        path = tmp_path / "studies.jsonl"
        if all((row.study, row.variant) != (study, variant) for row in read_rows(path)):
            score, samples = {"matched": len(trained) / 10}, config.evaluation.samples
            claim(path, f"{study}/{variant}/0", str(len(trained)), False)
            append_rows(path, [ResultRow(study, variant, 0, 1, "x", "t", "f", samples, score)])

    for name in ("training_corpus", "meta_corpus", "open_setting"):
        monkeypatch.setattr(studies, name, lambda *_: None)
    monkeypatch.setattr(studies, "checked_variants", unchecked)
    monkeypatch.setattr(studies, "trained_hypernetwork", train)
    monkeypatch.setattr(studies, "measure", measured)
    monkeypatch.setattr(studies, "measure_losses", lambda *_, **__: None)
    for study in ("one", "two", "one"):
        run_study(config, study, tmp_path / "studies.yaml", tmp_path)
    found = {(r.study, r.variant): r.exact_match for r in read_rows(tmp_path / "studies.jsonl")}
    same, other = {"matched": 0.1}, {"matched": 0.2}
    assert found == {("one", "a"): same, ("two", "b"): same, ("two", "c"): other}
    assert len(trained) == 2


def unchecked(config: Config, name: str, path: Path) -> dict[str, Config]:
    """The variants of a study of which no base model was trained."""
    known = read_studies(path)[name]
    return {variant: variant_config(config, name, variant, row) for variant, row in known.items()}


@pytest.mark.parametrize(
    "changes",
    [{"base": {"steps": 77}}, {"tasks": {"limit": 8}}, {"tasks": {"seed": 1}}],
)
def test_a_variant_cannot_have_another_base_model_or_other_tasks(
    config: Config, changes: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match="cannot change the base model"):
        variant_config(config, "s", "v", changes)


def test_a_variant_cannot_move_the_split_it_is_measured_on(tmp_path: Path) -> None:
    tasks = FileTasks(source="folder", where=str(tmp_path), selection=0.4)
    config = Config(
        runs=str(tmp_path),
        tasks=tasks,
        base=PretrainedConfig(kind="folder", where="model", id="a/b"),
        encoder=EncoderConfig(kind="minilm"),
        template=ChatConfig(),
    )
    for change in ({"selection": 0.1}, {"report": 0.5}, {"where": "/elsewhere"}, {"apart": 13}):
        with pytest.raises(ConfigError, match="cannot change the base model or its tasks"):
            variant_config(config, "s", "v", {"tasks": change})
    fewer = variant_config(config, "s", "v", {"tasks": {"descriptions": 2}})
    assert fewer.tasks == replace(tasks, descriptions=2)


@pytest.mark.parametrize(
    "changes",
    [
        {"runs": "elsewhere"},
        {"study": {"steps": 1}},
        {"evaluation": {"samples": 1}},
        {"bundle": {"name": "other"}},
        {"sft": {"seed": 5}},
    ],
)
def test_what_a_variant_cannot_have_of_its_own_is_refused(
    config: Config, changes: dict[str, Any]
) -> None:
    with pytest.raises(ConfigError, match="study s, variant v: .*(the run's|study.seeds)"):
        variant_config(config, "s", "v", changes)


def test_a_mistake_in_a_variant_is_named(config: Config) -> None:
    with pytest.raises(ConfigError, match="study s, variant v: .*target.ranks"):
        variant_config(config, "s", "v", {"target": {"ranks": 4}})


def test_a_link_to_what_was_removed_is_made_anew(config: Config) -> None:
    other = variant_config(config, "s", "v", {})
    (other.run_dir / "oracles").unlink()
    (other.run_dir / "oracles").symlink_to(config.run_dir / "gone")
    variant_config(config, "s", "v", {})
    assert (other.run_dir / "oracles" / "made").exists()


@pytest.mark.parametrize("name", ["mistral-7b", "llama-3.1-8b", "gemma-2-2b", "smollm2-1.7b"])
def test_the_studies_of_every_recipe_can_begin(name: str, tmp_path: Path) -> None:
    """Their warm-up is longer than a study."""
    config = replace(load_config(STUDIES.parent / f"{name}.yaml"), runs=str(tmp_path))
    assert config.sft.warmup > config.study.steps
    kept = variant_config(config, "kinds", "lora", {"target": {"output": "lora"}})
    assert kept.sft.steps == kept.sft.warmup == config.study.steps


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "mapping of studies"),
        ("[one]", "mapping of studies"),
        ("one: 3", "study one: it must be a mapping of variants"),
        ("one: {}", "study one: it must be a mapping of variants"),
        ("one:", "study one: it must be a mapping of variants"),
        ("one: {a: 3}", "study one, variant a: .*got 3"),
        ("one: {a: [1]}", "study one, variant a: .*got .1."),
        ("one: {a: ", "not valid YAML"),
        ("one: {a: {}, a: {}}", "a stands there twice"),
    ],
)
def test_a_malformed_file_of_studies_is_refused_by_name(
    tmp_path: Path, text: str, said: str
) -> None:
    (tmp_path / "studies.yaml").write_text(text)
    with pytest.raises(ConfigError, match=f"studies.yaml: .*{said}"):
        read_studies(tmp_path / "studies.yaml")
    with pytest.raises(ConfigError, match="no such configuration file"):
        read_studies(tmp_path / "none.yaml")


def test_an_unknown_study_is_refused_with_those_that_there_are(
    config: Config, tmp_path: Path
) -> None:
    (tmp_path / "studies.yaml").write_text("one: {a: {}}\ntwo: {a: {sft: {lr: 0.1}}, 8: }\n")
    with pytest.raises(ConfigError, match="no study 'three' in .*; there are: one, two"):
        run_study(config, "three", tmp_path / "studies.yaml", tmp_path)
    assert read_studies(tmp_path / "studies.yaml")["two"] == {"a": {"sft": {"lr": 0.1}}, "8": {}}


def test_every_shipped_study_has_several_variants_that_can_be_run(tmp_path: Path) -> None:
    known = read_studies(STUDIES)
    assert known.keys() == MINI_STUDIES.keys() | OTHER_STUDIES.keys()
    for study, variants in known.items():
        recipe = "mini" if study in MINI_STUDIES else "smollm2"
        run = replace(load_config(STUDIES.parent / f"{recipe}.yaml"), runs=str(tmp_path))
        made = {name: variant_config(run, study, name, row) for name, row in variants.items()}
        recipes = {str(asdict(replace(one, runs="x"))) for one in made.values()}
        assert len(recipes) == len(variants) > 1, study


def test_a_variant_that_is_the_runs_own_recipe_is_the_runs_own_network(config: Config) -> None:
    steps = {"sft": {"steps": config.sft.steps}}
    assert variant_config(config, "full", "S", steps) == config
    large = {**steps, "hypernetwork": {"variant": "L"}}
    assert variant_config(config, "full", "L", large).run_dir != config.run_dir
