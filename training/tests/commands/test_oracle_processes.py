"""Oracles in several processes: the bytes of one, whoever was killed and when."""

from __future__ import annotations

import subprocess
import sys
import time
from pathlib import Path

import pytest
import yaml
from adapters_for_tests import tiny_base
from command_for_tests import Command

from t2l.commands import stages
from t2l.config.recipe import load_config
from t2l.evaluate.run import tasks_with_oracles
from t2l.train.objectives.oracle_store import oracle_names

TRAINING = Path(__file__).parents[2]
PATIENCE = 240.0  # seconds
RECIPE = {
    "tasks": {"limit": 16},
    "base": {"hidden": 16, "layers": 2, "heads": 2, "intermediate": 32},
    "target": {"rank": 2},
    "evaluation": {"tasks": 4, "left_out": 2},
    "baselines": {
        "training_oracles": 5,
        "oracles": {"steps": 6, "warmup": 1, "examples": 2, "group": 2},
    },
}


def run_at(folder: Path) -> Path:
    """A recipe and the base model of its run."""
    tiny_base(folder / "run" / "base" / "final")
    path = folder / "recipe.yaml"
    path.write_text(yaml.safe_dump({"runs": "run", **RECIPE}))
    return path


def oracles(path: Path) -> dict[str, bytes]:
    folder = load_config(path).run_dir / "oracles"
    return {file.name: file.read_bytes() for file in sorted(folder.iterdir()) if file.is_file()}


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    """The files that one process writes."""
    path = run_at(tmp_path_factory.mktemp("alone"))
    stages.oracles(load_config(path))
    return oracles(path)


def command(path: Path, processes: int) -> list[str]:
    stage = ["-m", "t2l", "oracles", "--config", str(path), "--processes", str(processes)]
    return [sys.executable, *stage]


def test_two_processes_write_the_bytes_of_one_and_do_nothing_twice(
    tmp_path: Path, alone: dict[str, bytes]
) -> None:
    path = run_at(tmp_path)
    config = load_config(path)
    stages.oracles(config, processes=2)
    assert len(alone) > 4 and oracles(path) == alone
    assert set(oracle_names(config.run_dir)) == {task.name for task in tasks_with_oracles(config)}
    before = {file: file.stat().st_mtime_ns for file in (config.run_dir / "oracles").iterdir()}
    stages.oracles(config, processes=2)
    assert before == {file: file.stat().st_mtime_ns for file in before}


def test_a_run_that_is_killed_goes_on_and_ends_with_the_same_bytes(
    tmp_path: Path, alone: dict[str, bytes]
) -> None:
    path = run_at(tmp_path)
    place = load_config(path).run_dir / "oracles"
    with subprocess.Popen(command(path, 2), cwd=TRAINING) as parent:
        end = time.monotonic() + PATIENCE
        while parent.poll() is None and len(list(place.glob("*.safetensors"))) < 2:
            assert time.monotonic() < end
            time.sleep(0.002)
        parent.kill()  # not its workers, which have to notice
    stages.oracles(load_config(path))
    assert oracles(path) == alone


def test_how_many_processes_must_be_a_number(refused_by_t2l: Command) -> None:
    for wrong in ("0", "two", "-1"):
        said = refused_by_t2l("oracles", "--processes", wrong)
        assert said.endswith(f"--processes: must be a whole number of at least 1, got {wrong}")
