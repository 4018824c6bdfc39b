"""Beginning a run with what ships."""

from dataclasses import replace
from pathlib import Path

import pytest

from t2l.base.files import base_model_revision
from t2l.commands import stages
from t2l.config.recipe import Config, load_config
from t2l.mini.adopt import adopt, encoder_is_adopted

CONFIGS = Path(__file__).parents[2] / "configs"


def fresh_run(folder: Path) -> Config:
    return replace(load_config(CONFIGS / "mini.yaml"), runs=str(folder / "run"))


def test_the_adopted_base_model_is_the_one_that_ships_and_is_not_trained_again(
    tmp_path: Path,
) -> None:
    config = fresh_run(tmp_path)
    adopt(config)
    final = config.run_dir / "base" / "final"
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


def test_nothing_is_adopted_where_nothing_ships(tmp_path: Path) -> None:
    config = fresh_run(tmp_path)
    config = replace(config, bundle=replace(config.bundle, assets=str(tmp_path / "assets")))
    assert not encoder_is_adopted(config)
    with pytest.raises(FileNotFoundError, match="run `all` instead"):
        adopt(config)
    assert not config.run_dir.exists()
