"""Beginning a run with what ships."""

import logging
from dataclasses import replace
from pathlib import Path

import pytest

from t2l.base.files import base_model_revision
from t2l.commands import stages
from t2l.config.recipe import Config, ConfigError, load_config
from t2l.mini.adopt import adopt, base_is_missed, encoder_is_adopted, shipped_base

CONFIGS = Path(__file__).parents[2] / "configs"


def fresh_run(folder: Path) -> Config:
    return replace(load_config(CONFIGS / "mini.yaml"), runs=str(folder / "run"))


def test_the_adopted_base_model_is_the_one_that_ships_and_is_not_trained_again(
    tmp_path: Path,
) -> None:
    config = fresh_run(tmp_path)
    adopt(config)
    final = config.run_dir / "base" / "final"
    assert config.base.id is not None
    shipped = config.assets_dir / "base-models" / config.base.id.split("/")[-1]
    assert base_model_revision(final) == base_model_revision(shipped)
    before = (final / "model.safetensors").stat().st_mtime_ns
    stages.base(config)
    assert (final / "model.safetensors").stat().st_mtime_ns == before


def test_a_run_with_a_base_model_of_its_own_is_left_alone(tmp_path: Path) -> None:
    config = fresh_run(tmp_path)
    adopt(config)
    with pytest.raises(FileExistsError, match="is not changed"):
        adopt(config)


def test_a_checkout_without_history_begins_with_the_base_model_that_ships(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """What `base.continue_from` names lies in history alone."""
    caplog.set_level(logging.INFO)
    config = fresh_run(tmp_path)
    old = str(tmp_path / "none")
    config = replace(config, base=replace(config.base, continue_from=old))
    stages.base(config)
    final = config.run_dir / "base" / "final"
    assert base_model_revision(final) == base_model_revision(shipped_base(config))
    assert "begins with the base model that ships" in caplog.text and old in caplog.text


def test_a_base_model_that_is_begun_or_drawn_anew_is_trained(tmp_path: Path) -> None:
    config = fresh_run(tmp_path)
    lacking = replace(config.base, continue_from=str(tmp_path / "none"))
    assert base_is_missed(replace(config, base=lacking))
    assert not base_is_missed(replace(config, base=replace(lacking, continue_from=None)))
    (config.run_dir / "base").mkdir(parents=True)
    assert not base_is_missed(replace(config, base=lacking))


def test_a_model_that_is_not_trained_here_is_not_adopted(tmp_path: Path) -> None:
    config = replace(load_config(CONFIGS / "smollm2.yaml"), runs=str(tmp_path / "run"))
    with pytest.raises(ConfigError, match="base.kind gguf is used as it is"):
        adopt(config)
    stages.base(config)
    assert not config.run_dir.exists()


def test_nothing_is_adopted_where_nothing_ships(tmp_path: Path) -> None:
    config = fresh_run(tmp_path)
    config = replace(config, bundle=replace(config.bundle, assets=str(tmp_path / "assets")))
    assert not encoder_is_adopted(config)
    with pytest.raises(FileNotFoundError, match="run `all` instead"):
        adopt(config)
    assert not config.run_dir.exists()
