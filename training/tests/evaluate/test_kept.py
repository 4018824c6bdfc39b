"""A measurement that was cut goes on where it was, and is not kept beyond its end."""

from dataclasses import replace
from pathlib import Path

import pytest
import torch
from axis_setting_for_tests import AxisSetting, axis_setting

from t2l.evaluate.fit import fit_of
from t2l.evaluate.kept import FOLDER, kept_score


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AxisSetting:
    return axis_setting(monkeypatch, tmp_path)


class Cut(Exception):
    """What ends a measurement half way."""


class Counting(AxisSetting):
    """Counts the questions that are asked, and is cut after some of them."""

    asked: list[int]
    most: float = float("inf")

    def score(self, rows, weights=None, answers=None) -> list[bool]:
        if sum(self.asked) + len(rows) > self.most:
            raise Cut
        self.asked.append(len(rows))
        return super().score(rows, weights, answers)


def counting(setting: AxisSetting, most: float = float("inf")) -> Counting:
    found = Counting(**{name: getattr(setting, name) for name in setting.__dataclass_fields__})
    object.__setattr__(found, "asked", [])
    object.__setattr__(found, "most", most)
    return found


def test_a_cut_fit_asks_no_question_twice_and_finds_the_same(
    setting: AxisSetting,
) -> None:
    whole = counting(setting)
    wanted = fit_of(whole, setting.store / "whole")
    half = sum(whole.asked) // 2
    first, second = counting(setting, half), counting(setting)
    with pytest.raises(Cut):
        fit_of(first, setting.store / "cut")
    assert fit_of(second, setting.store / "cut").to_json() == wanted.to_json()
    assert sum(first.asked) > 0
    assert sum(first.asked) + sum(second.asked) == sum(whole.asked)
    for name in ("fit.jsonl", "fit_levels.jsonl"):
        whole_rows = (setting.store / "whole" / name).read_bytes()
        assert (setting.store / "cut" / name).read_bytes() == whole_rows
    assert not (setting.store / FOLDER).exists()


def test_answers_under_other_adapters_or_to_other_questions_are_their_own(
    setting: AxisSetting,
) -> None:
    ours = counting(setting)
    adapters = ours.generate_from(torch.eye(setting.encoder.dim)[:2])
    rows = [([1, 2], [False, True]), ([3, 4], [False, True])]
    right = [("a",), ("b",)]
    once = kept_score(ours, rows, adapters, right)
    assert kept_score(ours, rows, adapters, right) == once and ours.asked == [2]
    kept_score(ours, rows, {name: (a, b * 2) for name, (a, b) in adapters.items()}, right)
    kept_score(ours, rows[::-1], adapters, right)
    kept_score(ours, rows, adapters, right[::-1])
    target = ours.hypernetwork.target
    other = replace(target, base_model=replace(target.base_model, revision="1" * 40))
    ours.hypernetwork.target = other
    kept_score(ours, rows, adapters, right)
    assert ours.asked == [2] * 5
