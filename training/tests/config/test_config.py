"""Configuration files: shipped ones load, wrong ones are refused with the place of the mistake."""

from pathlib import Path

import pytest

from t2l.config.recipe import ConfigError, config_digest, load_config

CONFIGS = Path(__file__).parents[2] / "configs"


@pytest.mark.parametrize("name", ["mini", "smoke"])
def test_shipped_configurations_load(name: str) -> None:
    config = load_config(CONFIGS / f"{name}.yaml")
    assert config.run_dir.is_absolute()
    assert len(config_digest(config)) == 64


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("runs: x\nsft: {stepz: 3}", "sft.stepz"),
        ("runs: x\nsft: {steps: many}", "sft.steps"),
        ("runs: x\nbaselines: {oracles: {stepz: 3}}", "baselines.oracles.stepz"),
        ("runs: x\nbase: {coded: 2}", "base.coded"),
        ("runs: x\nbase: {steps: -5}", "base.steps"),
        ("runs: x\nencoder: {kind: foo}", "encoder.kind.*'minilm'"),
        ("runs: x\ntarget: {modules: [q_prj]}", "target.modules.0.*'q_proj'"),
        ("runs: x\nhypernetwork: {variant: XL}", "hypernetwork.variant.*'S'"),
        ("sft: {steps: 3}", "runs"),
        ("runs: [", "not valid YAML"),
        ("runs: x\nevaluation: {samples: 7, descriptions: 2}", "multiple"),
    ],
)
def test_mistakes_are_named(tmp_path: Path, text: str, message: str) -> None:
    path = tmp_path / "c.yaml"
    path.write_text(text)
    with pytest.raises(ConfigError, match=message):
        load_config(path)


def test_a_file_that_is_missing_or_none_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration file"):
        load_config(tmp_path / "none.yaml")
    with pytest.raises(ConfigError, match="not a file that can be read"):
        load_config(tmp_path)


def test_folders_do_not_change_the_digest(tmp_path: Path) -> None:
    for name in ("a", "b"):
        text = f"runs: {name}\nbase: {{continue_from: {name}}}\nbundle: {{assets: {name}}}\n"
        (tmp_path / f"{name}.yaml").write_text(text)
    (tmp_path / "c.yaml").write_text("runs: a\nencoder: {steps: 7}\n")
    one, two, other = (load_config(tmp_path / f"{name}.yaml") for name in ("a", "b", "c"))
    assert config_digest(one) == config_digest(two) != config_digest(other)


def test_folders_count_from_the_file(tmp_path: Path) -> None:
    (tmp_path / "c.yaml").write_text("runs: ../r\nbase: {continue_from: old}\n")
    config = load_config(tmp_path / "c.yaml")
    assert config.run_dir == tmp_path.parent / "r"
    assert config.base.continue_from == str(tmp_path / "old")
