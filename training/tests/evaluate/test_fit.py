"""The fit of a run expects what was measured, and calls texts off topic unfit."""

import gzip
import json
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest
import torch
from axis_setting_for_tests import (
    AXES,
    DIM,
    MATRIX,
    SELECTION,
    TRAIN,
    AxisEncoder,
    AxisSetting,
    axis_setting,
    phrasings,
    written_texts,
)

from t2l.evaluate import fit as module
from t2l.evaluate.fit import fit_of
from t2l.evaluate.fit_levels import STRENGTHS
from t2l.evaluate.fit_rows import FitRow
from t2l.export.bundle.data import Fit, fit_bytes
from t2l.export.bundle.predictor import stored_success
from t2l.tasks import off_topic
from t2l.tasks.general import GENERAL
from t2l.tasks.procedural.world import TaskSet


def test_texts_off_topic_are_many_and_their_halves_disjoint() -> None:
    every = (*off_topic.OFF_TOPIC, *off_topic.FOREIGN)
    assert len(off_topic.OFF_TOPIC) >= 120
    assert len(set(every)) == len(every)
    assert not set(every) & set(GENERAL)
    assert not set(off_topic.CALIBRATION) & set(off_topic.REPORT)
    assert {*off_topic.CALIBRATION, *off_topic.REPORT} == set(every)
    junk = off_topic.junk(8, "a")
    assert junk == off_topic.junk(8, "a") and not set(junk) & set(off_topic.junk(8, "b"))


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AxisSetting:
    return axis_setting(monkeypatch, tmp_path)


def rows_of(folder: Path) -> dict[str, list[FitRow]]:
    lines = (folder / "fit.jsonl").read_text(encoding="utf-8").splitlines()
    found: dict[str, list[FitRow]] = {}
    for row in (FitRow(**json.loads(line)) for line in lines):
        found.setdefault(row.text_kind, []).append(row)
    return found


def test_the_fit_of_a_run_says_beforehand_what_its_adapters_do(
    setting: AxisSetting, tmp_path: Path
) -> None:
    real = tmp_path / "real.jsonl.gz"
    with gzip.open(real, "wt", encoding="utf-8") as file:
        file.write(json.dumps({"task": "other", "descriptions": ["Do something else."]}) + "\n")
    fit = fit_of(setting, tmp_path / "results", real)
    assert fit.tasks == tuple(task.name for task in setting.train.tasks)
    assert fit.success == stored_success(torch.tensor([1.0, 0.0] * (AXES // 2)))
    assert fit.sizes == "Three or four."
    assert set(fit.to_json()) == {
        "tasks",
        "thresholds",
        "success",
        "calibration",
        "strengths",
        "sizes",
    }
    assert fit.predictor is not None and len(fit_bytes(fit)) > AXES * DIM * 2
    assert fit.predictor.reasons.score <= fit.good

    rows = rows_of(tmp_path / "results")
    assert {kind: len(some) for kind, some in rows.items()} == {
        "report": AXES * 4,
        "seen": 2 * 4,
        "spoken": AXES * 6,
        "missing_step": 6,
        "size": 1,
        "other": 6,
        "off_topic": len(off_topic.REPORT),
        "junk": 48,
        "real": 1,
    }
    for kind in ("report", "spoken"):
        well = [row for row in rows[kind] if row.exact_match == 1]
        assert len(well) == len(rows[kind]) / 2
        # as many are unfit as the promise allows, a few of them done well
        assert [row.verdict for row in well].count("unfit") <= 0.2 * len(well)
        assert [row.verdict for row in well].count("good") >= 0.75 * len(well)
        assert {row.exact_match for row in rows[kind] if row.verdict == "good"} == {1.0}
        # the adapter shows which task will be done
        poor = [row for row in rows[kind] if row.exact_match == 0]
        assert {row.closest for row in poor} <= {task.name for task in TRAIN[1::2]}
        assert {row.reason for row in poor} <= {"weak", "missing_step"}
    other = [row for kind in ("off_topic", "junk", "other", "real") for row in rows[kind]]
    assert {row.task for row in other} == {None}
    assert sum(row.verdict == "unfit" for row in other) >= 0.9 * len(other)
    assert sum(row.reason == "far" for row in other) >= 0.9 * len(other)
    assert {row.exact_match for row in other} == {0.0, None}
    assert {row.exact_match for kind in ("missing_step", "size") for row in rows[kind]} == {None}


def test_a_step_that_is_called_missing_is_compared_with_those_of_the_text(
    setting: AxisSetting, tmp_path: Path
) -> None:
    fit_of(setting, tmp_path)
    named = [row for some in rows_of(tmp_path).values() for row in some if row.step]
    for row in named:
        assert row.reason == "missing_step"
        if row.task is None:
            assert row.step_asked is None
        else:
            assert row.step_asked == (row.step == row.task.split("/")[1].split(":")[0])


def test_strengths_are_factors_of_what_is_right_at_one(
    setting: AxisSetting, tmp_path: Path
) -> None:
    fit = fit_of(setting, tmp_path)
    found = dict(fit.strengths)
    assert tuple(found) == STRENGTHS
    assert found[1.0] == found[2.0] == 1 and found[-1.0] == found[0.0] == found[0.25] == 0
    lines = (tmp_path / "fit_levels.jsonl").read_text(encoding="utf-8").splitlines()
    levels = [json.loads(line) for line in lines]
    assert {row["task"] for row in levels} <= {task.name for task in TRAIN[::2]}
    sizes = {row["level"]: row["trained"] for row in levels if row["what"] == "size"}
    assert sizes[3] and sizes[4] and not sizes[2] and not sizes[5]


def test_where_nobody_wrote_descriptions_the_score_is_found_on_tasks_for_selection(
    setting: AxisSetting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(module, "spoken", lambda _half: ())
    fit_of(setting, tmp_path)
    rows = rows_of(tmp_path)
    assert set(rows) == {"report", "seen", "off_topic", "junk"}
    well, poor = (
        [row for row in rows["report"] if row.exact_match == share] for share in (1.0, 0.0)
    )
    assert min(row.score for row in well) > max(row.score for row in poor)
    assert "good" not in {row.verdict for row in poor}
    others = [row.verdict for row in (*rows["off_topic"], *rows["junk"])]
    assert others.count("unfit") >= 0.9 * len(others)


def test_phrasings_of_enough_tasks_get_coefficients_of_their_own(
    setting: AxisSetting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    more = 8
    encoder = cast(AxisEncoder, setting.encoder)
    by_hand = {row.text for row in written_texts()}
    places = {
        **encoder.places,
        **phrasings(SELECTION, "selection", more, module.CALIBRATION_SEED),
    }
    styled = AxisEncoder(places, frozenset(places) - by_hand)
    assert fit_of(setting).predictor.phrased is None  # type: ignore
    monkeypatch.setattr(module, "FEWEST_PHRASED", len(SELECTION))
    monkeypatch.setattr(module, "DESCRIPTIONS", more)
    fit = fit_of(replace(setting, encoder=styled), tmp_path)
    assert fit.predictor is not None and fit.predictor.phrased is not None
    limits = (fit.predictor.reasons, fit.predictor.phrased.reasons)
    assert max(one.score for one in limits) <= fit.good
    gate = fit.predictor.phrased.gate
    rows = rows_of(tmp_path)
    open_for = {
        kind: float(gate(styled.encode([row.text for row in rows[kind]])).mean())
        for kind in ("report", "spoken")
    }
    assert open_for["report"] < 0.4 and open_for["spoken"] > 0.9
    for kind in open_for:
        well, poor = (
            [row for row in rows[kind] if row.exact_match == share] for share in (1.0, 0.0)
        )
        assert [row.verdict for row in well].count("good") >= 0.25 * len(well)
        assert "good" not in {row.verdict for row in poor}
        assert min(row.score for row in well) > max(row.score for row in poor)


def test_tasks_of_other_worlds_have_no_texts_of_this_one(
    setting: AxisSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    world = module.world_of(setting)
    assert {row.kind for row in world.calibration} == {"task", "missing_step", "size", "other"}
    few = TaskSet(train=TRAIN[:1], selection=(), report=(), left_out=())
    monkeypatch.setattr(module, "tasks_of", lambda _config: few)
    named = {row.task for row in module.world_of(setting).calibration}
    assert named == {TRAIN[0].name, None}


def test_a_score_that_is_noise_is_refused(
    setting: AxisSetting, monkeypatch: pytest.MonkeyPatch
) -> None:
    def backwards(*arguments, **more):
        found = calibrate(*arguments, **more)
        return replace(found, inside=found.inside * 0, outside=found.outside + 1)

    calibrate = module.calibrate
    monkeypatch.setattr(module, "calibrate", backwards)
    with pytest.raises(ValueError, match="noise"):
        fit_of(setting)


def test_a_run_without_results_writes_none(setting: AxisSetting, tmp_path: Path) -> None:
    fit_of(setting)
    assert not list(tmp_path.iterdir())


def test_a_fit_without_predictor_says_nothing_of_it() -> None:
    fit = Fit(("x",), MATRIX[:1], 0.75, 0.5)
    assert set(fit.to_json()) == {"tasks", "thresholds"}
    assert [fit.verdict(score) for score in (0.75, 0.74, 0.5, 0.49)] == [
        "good",
        "uncertain",
        "uncertain",
        "unfit",
    ]
