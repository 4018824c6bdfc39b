"""A run's parts: which tasks are measured."""

from pathlib import Path

from t2l.config.recipe import load_config
from t2l.evaluate.run import left_out_tasks, tasks_of

MINI = load_config(Path(__file__).parents[2] / "configs" / "mini.yaml")


def test_every_left_out_shape_is_measured_and_about_equally_often() -> None:
    measured = [task.family for task in left_out_tasks(MINI)]
    assert set(measured) == {task.family for task in tasks_of(MINI).left_out}
    counts = {family: measured.count(family) for family in measured}
    assert len(measured) == MINI.evaluation.left_out
    assert max(counts.values()) - min(counts.values()) <= 1
