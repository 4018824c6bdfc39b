"""The section on fit judges what people wrote, task by task, and shows where it fails."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from scipy.stats import spearmanr

from t2l.config.recipe import Config
from t2l.report.data import Results
from t2l.report.fit import fit_section
from t2l.report.fit_bars import over_tasks, rank_correlation, share_done_well
from t2l.report.page import Page


def row(kind: str, number: int, **changes: Any) -> dict[str, Any]:
    """One of the texts: of four, the last is called good and the first unfit."""
    quarter = number % 4
    return {
        "text_kind": kind,
        "task": f"words/task{number // 4}",
        "text": f"text {number}",
        "score": quarter / 4 + number / 1000,
        "verdict": ("unfit", "uncertain", "uncertain", "good")[quarter],
        "exact_match": (0.0, 0.4, 0.8, 1.0)[quarter],
        "reason": "missing_step" if quarter == 0 else None,
        "step": "join" if quarter == 0 else None,
        "step_asked": number % 8 == 0 if quarter == 0 else None,
        "closest": "words/sort",
        **changes,
    }


WRITTEN = tuple(row("spoken", number) for number in range(40))
LEVELS = tuple(
    {
        "what": what,
        "level": level,
        "trained": level == 3,
        "task": f"words/t{k}",
        "exact_match": share,
    }
    for what, level, share in (
        ("strength", 0.5, 0.4),
        ("strength", 1.0, 0.8),
        ("size", 2, 0.25),
        ("size", 3, 1.0),
    )
    for k in range(6)
)
EMPTY = Results((), (), (), (), (), None, None)


def section(tmp_path: Path, fit: tuple[dict[str, Any], ...], levels: tuple = ()) -> str:
    results = replace(EMPTY, fit=fit, fit_levels=levels)
    return fit_section(Page(results, tmp_path, Config(runs=str(tmp_path))))


def test_statistics_are_of_all_texts_and_intervals_of_draws_of_tasks() -> None:
    found = over_tasks(WRITTEN, rank_correlation)
    assert found is not None and found.tasks == 10
    known = spearmanr([r["score"] for r in WRITTEN], [r["exact_match"] for r in WRITTEN])
    assert found.mean == pytest.approx(float(known.statistic))  # type: ignore
    assert 0.9 < found.low < found.high <= 1
    half = tuple({**r, "exact_match": 1.0 if r["task"] < "words/task5" else 0.0} for r in WRITTEN)
    share = over_tasks(half, share_done_well("good"))
    assert share is not None and share.mean == 0.5 and 0.1 < share.low < 0.4 < 0.6 < share.high
    assert over_tasks(WRITTEN, share_done_well("odd")) is None
    assert rank_correlation([{**r, "score": 0.5} for r in WRITTEN]) is None


def test_bars_are_judged_on_what_people_wrote(tmp_path: Path) -> None:
    text = section(tmp_path, WRITTEN)
    assert (
        "| of those called good, done well | 10 | at least 0.85 | 1.00 (1.00 to 1.00) | met |"
        in text
    )
    assert (
        "| of those called unfit, done well | 10 | at most 0.10 | 0.00 (0.00 to 0.00) | met |"
        in text
    )
    assert "40 descriptions that people wrote of 10 tasks" in text
    assert "looked at twice" in text
    assert (tmp_path / "figures" / "fit.svg").exists()
    worse = tuple({**r, "exact_match": 1.0 - r["exact_match"]} for r in WRITTEN)
    assert section(tmp_path, worse).count("not met") == 3


def test_what_the_verdicts_are_worth_elsewhere_stands_beside_it(tmp_path: Path) -> None:
    grammar = tuple(row("report", number, exact_match=1.0) for number in range(20))
    text = section(tmp_path, WRITTEN + grammar)
    assert "| spoken | 40 | " in text and "| 10 of 10 | 0 of 10 |" in text
    line = next(line for line in text.splitlines() if line.startswith("| report | 20 |"))
    assert line.endswith("| 5 of 5 | 5 of 5 |")


def test_reasons_are_counted_with_what_came_of_them(tmp_path: Path) -> None:
    text = section(tmp_path, WRITTEN)
    assert "| missing step | 10 | 0 of 10 | – | 5 of 10 |" in text
    plain = tuple(
        {key: r[key] for key in r if "step" not in key and key != "reason"} for r in WRITTEN
    )
    assert "step asked for" not in section(tmp_path, plain)  # rows of before


def test_strengths_and_sizes_are_shares_of_what_is_done_well(tmp_path: Path) -> None:
    text = section(tmp_path, WRITTEN, LEVELS)
    assert "| 0.5 | 6 | 40.0% (40.0 to 40.0) | 0.50 |" in text
    assert "| 1 | 6 | 80.0% (80.0 to 80.0) | 1.00 |" in text
    assert "| 2 | 25.0% (25.0 to 25.0), 6 tasks |" in text
    assert "| 3 | **100.0% (100.0 to 100.0), 6 tasks** |" in text
    assert "strength 1" not in section(tmp_path, WRITTEN)


def test_a_world_that_nobody_described_has_its_grammar_alone(tmp_path: Path) -> None:
    text = section(tmp_path, tuple({**r, "text_kind": "report"} for r in WRITTEN))
    assert "people wrote" not in text and "at least 0.85" not in text
    assert "looked at twice" not in text
    assert "40 descriptions of the report's unseen tasks" in text
