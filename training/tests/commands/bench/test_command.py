"""The command's figures agree with each other, in JSON, in a file and in words."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from bench_for_tests import TINY
from command_for_tests import Command

from t2l.commands.bench.figures import figures_of
from t2l.commands.bench.measure import Measured
from t2l.commands.bench.rounds import Took


def test_figures_are_consistent(run_t2l: Command, tmp_path: Path) -> None:
    kept = tmp_path / "figures.jsonl"
    printed = run_t2l("bench", *TINY, "--json", "--out", kept, "--peak-tflops", "1")
    found = json.loads(printed)
    assert found["tokens"] == 48 and found["sizes"]["answers"] == 2
    assert list(found["steps"]) == ["floor", "ours", "repetition"]
    for step in found["steps"].values():
        for times in (step["wall_ms"], step["cpu_ms"]):
            assert 0 < times["low"] <= times["median"] <= times["high"]
        assert step["tokens_per_s"] == pytest.approx(48 / step["wall_ms"]["median"] * 1000)
        assert step["extra_bytes"] == step["saved_bytes"] - found["steps"]["floor"]["saved_bytes"]
        assert step["allocated_bytes"] is None
    extra = {name: step["extra_bytes"] for name, step in found["steps"].items()}
    assert found["extra_share"] == extra["ours"] / extra["repetition"] < 1
    peak = found["peak"]
    seconds = found["steps"]["ours"]["wall_ms"]["median"] / 1000
    assert peak["share"] == pytest.approx(peak["flops"] / seconds / 1e12)
    assert [bar["bound"] for bar in found["bars"]] == [1.1, 0.1, 1.3]  # without a GPU no peak
    run_t2l("bench", *TINY, "--out", kept)
    lines = [json.loads(line) for line in kept.read_text().splitlines()]
    assert lines[0] == found and lines[1]["sizes"] == found["sizes"]


def test_the_report_is_a_table_with_ratios_and_bars(run_t2l: Command) -> None:
    text = run_t2l("bench", *TINY, "--bfloat16", "--threads=1")
    assert text.startswith("bench/small-llama: 2 layers of width 32, on ")
    assert " (1 thread), bfloat16" in text and "48 in all, 12 of them answers; 2 rounds" in text
    for row in ("| floor | ", "| ours | ", "| repetition | ", "| ours over the floor | "):
        assert row in text
    assert text.count("\nmet ") + text.count("\nnot met ") == 3


def measured(ours: float, floor: float, saved: int, allocated: dict[str, int] | None) -> Measured:
    seconds = {"ours": ours, "floor": floor, "repetition": 4.0}
    return Measured(
        tokens=100,
        answers=10,
        steps={name: [Took(value, 2 * value)] * 3 for name, value in seconds.items()},
        heads={"at answers": [Took(1, 1)] * 3, "at all places": [Took(1.25, 5)] * 3},
        saved={"floor": 100, "ours": saved, "repetition": 1100},
        allocated=allocated,
    )


def test_bars_are_met_or_not_by_cpu_time_here_and_by_the_clock_on_a_gpu() -> None:
    good = figures_of(measured(1.1, 1.0, 200, None), 10**12, 2.0)
    assert [bar.met for bar in good.bars] == [True, True, True]
    assert good.over_floor.cpu.median == pytest.approx(1.1)
    assert good.over_repetition.wall.median == pytest.approx(1.1 / 4)
    bad = figures_of(measured(1.2, 1.0, 201, {"ours": 1, "floor": 1, "repetition": 9}), 10**12, 2.0)
    assert [bar.met for bar in bad.bars] == [False, False, False, True]
    assert bad.peak is not None and bad.peak.share == pytest.approx(1 / 1.2 / 2)
    assert bad.steps["repetition"].allocated_bytes == 9
