"""Configuration files: shipped ones load, wrong ones are refused with the place of the mistake."""

from pathlib import Path

import pytest

from t2l.config import ConfigError, config_digest, load_config

CONFIGS = Path(__file__).parent.parent / "configs"


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


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="no such configuration file"):
        load_config(tmp_path / "none.yaml")


def test_folders_do_not_change_the_digest(tmp_path: Path) -> None:
    for name in ("a", "b"):
        (tmp_path / f"{name}.yaml").write_text(f"runs: {name}\n")
    one, two = (load_config(tmp_path / f"{name}.yaml") for name in ("a", "b"))
    assert config_digest(one) == config_digest(two)
