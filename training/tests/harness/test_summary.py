"""The report says what a description brings, question by question, of what can be compared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from t2l.harness.rows import HarnessRow, Settings, append_row, read_rows, row_key
from t2l.harness.summary import summary

SETTINGS = Settings(
    suite="local",
    hypernet="t2l-mini 4.2.0",
    network="0123456789abcdef",
    precision="int8",
    base_model="t2l-edge/t2l-mini-base@a2cc",
    base_weights="ff",
    dtype="float32",
    harness="lm_eval 0.4.13",
    chat_template=None,
    shots=None,
    limit=4,
    seed=0,
)


def row(benchmark: str, condition: str, hits: str, draw: int = 0) -> HarnessRow:
    return HarnessRow(
        settings=SETTINGS,
        benchmark=benchmark,
        task=f"t2l_{benchmark}",
        metric="acc",
        condition=condition,
        draw=draw,
        text=None,
        adapter=None,
        questions="q",
        score=hits.count("1") / len(hits),
        hits=hits,
    )


ROWS = [
    row("piqa", "plain", "1000"),
    row("piqa", "matched", "1111"),
    row("piqa", "matched", "1100", draw=1),
    row("piqa", "shuffled", "0000"),
    row("boolq", "plain", "11"),
    row("boolq", "matched", "10"),
    row("boolq", "shuffled", "11"),
]


def test_scores_are_means_over_descriptions_and_differences_are_paired() -> None:
    text = summary(ROWS)
    table = [line.split() for line in text.splitlines()]
    assert ["benchmark", "metric", "questions", "plain", "matched", "shuffled"] in table
    assert ["piqa", "acc", "4", "0.250", "0.750", "0.000"] in table
    assert ["boolq", "acc", "2", "1.000", "0.500", "1.000"] in table
    assert ["mean", "0.625", "0.625", "0.500"] in table
    beside = text[text.index("matched minus shuffled") :].splitlines()
    assert beside[1].split() == ["piqa", "+0.750", "(+0.500", "to", "+1.000)"]
    assert beside[2].split() == ["boolq", "-0.500", "(-1.000", "to", "+0.000)"]
    assert beside[3].split() == ["mean", "+0.125", "(-0.500", "to", "+0.750)"]
    assert "matched minus plain" in text


def test_rows_of_other_settings_are_not_taken_for_these(tmp_path: Path) -> None:
    path = tmp_path / "rows.jsonl"
    other = replace(ROWS[0], settings=replace(SETTINGS, network="another"))
    for one in (*ROWS, other, other):
        append_row(path, one)
    found = read_rows(path, SETTINGS)
    assert list(found.values()) == ROWS
    assert set(found) == {row_key(one.to_json()) for one in ROWS}
    assert len(read_rows(path, other.settings)) == 1


def test_rows_of_different_questions_are_not_compared() -> None:
    changed = replace(row("piqa", "matched", "1111", draw=1), questions="others")
    with pytest.raises(ValueError, match="rows of piqa are of different questions"):
        summary([row("piqa", "matched", "1111"), changed])
