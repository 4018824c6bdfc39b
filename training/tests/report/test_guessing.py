"""Guessing: what it gets follows from a task's labels, and adapters are judged against it."""

import pytest

from t2l.evaluate.results import ResultRow
from t2l.report.guessing import above_guessing, guess, labels_of
from t2l.tasks.language.classify import CLASSIFY


def test_labels_are_read_back_from_the_names_of_tasks() -> None:
    assert all(labels_of(task.name) == task.labels for task in CLASSIFY)


def test_tasks_without_labels_are_not_guessed() -> None:
    assert guess("relation/antonym") is None
    assert guess("format/wrap:=|") is None
    assert guess("classify/sentiment=up|down") == 0.5
    assert guess("classify/size=a|b|c") == pytest.approx(1 / 3)


def test_each_task_is_judged_against_its_own_number_of_labels() -> None:
    def row(task: str, matched: float) -> ResultRow:
        return ResultRow("main", "S", 0, 1, "report", task, "classify", 6, {"matched": matched})

    rows = [row("classify/a=x|y", 0.9), row("classify/b=x|y|z", 0.9), row("relation/c", 0.0)]
    found = above_guessing(rows, "matched")
    assert found is not None and found.tasks == 2
    assert found.mean == pytest.approx(0.9 - (1 / 2 + 1 / 3) / 2)
    assert above_guessing(rows[2:], "matched") is None
