"""Steps take turns, and a ratio is one of the same round."""

from __future__ import annotations

import pytest

from t2l.commands.bench.rounds import Took, median_of, median_ratio, take_turns


def test_every_step_is_first_in_turn_and_taken_as_often() -> None:
    order: list[str] = []
    steps = {name: lambda name=name: order.append(name) for name in "abc"}
    found = take_turns(steps, 3, "cpu")
    assert "".join(order) == "abc" + "bca" + "cab"
    assert {name: len(took) for name, took in found.items()} == dict.fromkeys("abc", 3)
    assert all(took.wall > 0 and took.cpu >= 0 for some in found.values() for took in some)


def test_a_machine_that_slows_down_changes_no_ratio() -> None:
    slower = (1.0, 3.0, 10.0)
    rounds = {
        "one": [Took(wall=2 * by, cpu=4 * by) for by in slower],
        "two": [Took(wall=by, cpu=by) for by in slower],
    }
    wall = median_ratio(rounds, "one", "two", "wall")
    assert (wall.median, wall.low, wall.high) == (2, 2, 2)
    assert median_ratio(rounds, "one", "two", "cpu").median == 4
    times = median_of(rounds, "two", "wall")
    assert times.median == 3 and times.low == pytest.approx(1) and times.high == pytest.approx(10)
