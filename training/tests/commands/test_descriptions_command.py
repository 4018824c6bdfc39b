"""The training descriptions of a run can be had as a file that other commands read."""

from __future__ import annotations

import argparse
from pathlib import Path

from t2l.commands.descriptions import run
from t2l.config.recipe import load_config
from t2l.evaluate.run import tasks_of
from t2l.tasks.descriptions import read_descriptions

SMOKE = Path(__file__).parents[2] / "configs" / "smoke.yaml"


def test_holds_every_training_task_and_no_other(tmp_path: Path):
    out = tmp_path / "tasks.jsonl"
    run(argparse.Namespace(config=SMOKE, out=out))
    config = load_config(SMOKE)
    found = read_descriptions(out)
    assert [task.task for task in found] == [task.name for task in tasks_of(config).train]
    assert all(0 < len(task.texts) <= config.tasks.descriptions for task in found)
    assert list(tmp_path.iterdir()) == [out]
