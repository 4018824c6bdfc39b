"""The section on behaviours: the last network, judged, and nothing where nothing was measured."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from t2l.config.load import load_config
from t2l.evaluate.behaviours import CONDITIONS, Measured
from t2l.report.behaviours import behaviours_section
from t2l.report.data import read_results
from t2l.report.page import Page

CONFIGS = Path(__file__).parents[2] / "configs"
NATS = {"plain": 2.0, "matched": 1.0, "shuffled": 3.0, "mean": 1.5}


def page(folder: Path, changes: dict[str, float] | None = None) -> Page:
    """A page with one behaviour of two groups, measured with two networks."""
    results = folder / "smollm2"
    results.mkdir(exist_ok=True)
    beside = folder / "behaviours"
    beside.mkdir(exist_ok=True)
    lines = [
        asdict(Measured(f"tone/{group}", group, "Be so.", condition, made_by, nats * 10, 10))
        for made_by, shift in (("a", 5.0), ("b", 0.0))
        for group in ("value", "kind")
        for condition in CONDITIONS
        for nats in [{**NATS, **(changes or {})}[condition] + shift]
    ]
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (beside / "behaviours.jsonl").write_text(text)
    example = dict.fromkeys(("behaviour", "group", "description", "question"), "x")
    example |= {"plain": "a\nb", "told": "c | d", "adapted": "e"}
    (beside / "behaviour_examples.jsonl").write_text(json.dumps(example) + "\n")
    return Page(read_results(results), folder, load_config(CONFIGS / "smollm2.yaml"))


def test_the_network_that_was_measured_last_is_shown_beside_the_plain_model(
    tmp_path: Path,
) -> None:
    text = behaviours_section(page(tmp_path))
    row = "2.000 (100.0%) | 1.000 (50.0%) | 3.000 (150.0%) | 1.500 (75.0%)"
    assert f"| other kinds (1) | {row} |" in text
    assert f"| all (2) | {row} |" in text
    assert "no adapter's, met; below the mean adapter's, met." in text
    assert "| x | x | a b | c \\| d | e |" in text


@pytest.mark.parametrize(
    ("changes", "judged"),
    [
        ({"matched": 1.3}, "no adapter's, not met; below the mean adapter's, met."),
        ({"mean": 0.9}, "no adapter's, met; below the mean adapter's, not met."),
    ],
)
def test_a_bar_that_is_missed_is_said(
    tmp_path: Path, changes: dict[str, float], judged: str
) -> None:
    assert judged in behaviours_section(page(tmp_path, changes))


def test_without_measurements_there_is_no_section(tmp_path: Path) -> None:
    (tmp_path / "smollm2").mkdir()
    results = read_results(tmp_path / "smollm2")
    config = load_config(CONFIGS / "smollm2.yaml")
    assert behaviours_section(Page(results, tmp_path, config)) == ""
