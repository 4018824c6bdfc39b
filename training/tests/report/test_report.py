"""The report: its numbers are numpy's, missing data is said, and equal results give equal bytes."""

import json
import math
import re
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np
import pytest
from safetensors.numpy import save_file

from t2l.config.recipe import BundleConfig, Config, TasksConfig
from t2l.evaluate.results import BOOTSTRAP_DRAWS, LossRow, ResultRow, append_losses, append_rows
from t2l.report.bars import Bar, bars_section, is_met
from t2l.report.build import build_report
from t2l.report.data import read_results
from t2l.report.language_bars import LANGUAGE_BARS
from t2l.report.mini_bars import MINI_BARS
from t2l.report.page import Page
from t2l.report.statistics import (
    Estimate,
    difference,
    estimate,
    means_by_seed,
    of_values,
    share_of_gain,
    spread,
)

TRAINING = Path(__file__).parents[2]
TASKS = 30
FAMILIES = ("words/map", "digits/order+join", "letters/filter")


def rows_of(
    scores: dict[str, float], *, study: str = "main", variant: str = "S", seed: int = 0, **more: str
) -> list[ResultRow]:
    """Rows around some means, a little apart from task to task."""
    rng = np.random.default_rng(hash_of(study, variant, str(seed)))
    split = more.get("split", "report")
    return [
        ResultRow(
            study,
            variant,
            seed,
            1000,
            split,
            f"{split}/{index}",
            FAMILIES[index % len(FAMILIES)],
            20,
            {
                name: float(np.clip(mean + rng.normal(0, 0.05), 0, 1))
                for name, mean in scores.items()
            },
        )
        for index in range(TASKS)
    ]


def hash_of(*parts: str) -> int:
    """The same number in every process."""
    return sum(ord(letter) * 31**index % 9973 for index, letter in enumerate("|".join(parts)))


def write_lines(path: Path, records: list[dict[str, object]]) -> None:
    """A JSON-lines file."""
    path.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")


@pytest.fixture
def config(tmp_path: Path) -> Config:
    """A run without a shipped base model."""
    bundle = BundleConfig(assets=str(tmp_path / "assets"))
    return Config(runs=str(tmp_path / "runs"), tasks=TasksConfig(limit=24), bundle=bundle)


@pytest.fixture
def results(tmp_path: Path) -> Path:
    """A folder with every file of results."""
    folder = tmp_path / "results"
    for seed in range(3):
        scores = {"matched": 0.7, "shuffled": 0.1, "junk_words": 0.2, "strength_0.5": 0.4}
        append_rows(folder / "main.jsonl", rows_of(scores, seed=seed))
    once = {"zero_shot": 0.02, "three_shot": 0.5, "oracle": 0.9, "multi_task": 0.15}
    append_rows(folder / "main.jsonl", rows_of(once, seed=-1))
    append_rows(folder / "main.jsonl", rows_of({"matched": 0.4}, split="left_out"))
    for study, variant, mean in (
        ("variant_full", "L_distilled", 0.8),
        ("variant_full", "S_distilled", 0.6),
        ("rank", "16", 0.7),
        ("rank", "4", 0.5),
        ("something_new", "odd", 0.3),
    ):
        own = rows_of({"matched": mean, "shuffled": 0.1}, study=study, variant=variant)
        append_rows(folder / "studies.jsonl", own)
    for variant, matched in (("4", 1.5), ("16", 1.0)):  # `shuffled` is 2 everywhere
        losses = [
            LossRow("rank", variant, 0, 1, f"t{n}", 9, {"matched": matched, "shuffled": 2.0})
            for n in range(4)
        ]
        append_losses(folder / "study_losses.jsonl", losses)
    run = {"study": "rank", "variant": "4", "train_seed": 0, "steps": 1000, "seconds": 600}
    write_lines(folder / "training.jsonl", [{**run, "tokens": 1e6, "parameters": 5e5, "loss": 0.4}])
    pair = {"relative_error": 0.2, "exact_match": 0.6, "oracle_exact_match": 0.9}
    compressed = [{"variant": v, "train_seed": 0, "tasks": 64, **pair} for v in ("L", "S")]
    write_lines(folder / "compression.jsonl", compressed)
    fit = [
        {
            "text_kind": "report" if index % 2 else "junk",
            "task": f"t{index}" if index % 2 else None,
            "score": index / 20,
            "verdict": "good" if index > 9 else "poor",
            "exact_match": index / 20 if index % 2 else None,
        }
        for index in range(20)
    ]
    write_lines(folder / "fit.jsonl", fit)
    rng = np.random.default_rng(0)
    tensors = {n: rng.normal(size=(24, 8)).astype(np.float32) for n in ("descriptions", "adapters")}
    families = [FAMILIES[index % 3] for index in range(24)]
    named = [
        {"task": f"t{i}", "family": f, "domain": f.split("/")[0]} for i, f in enumerate(families)
    ]
    save_file(tensors, folder / "vectors.safetensors", metadata={"rows": json.dumps(named)})
    (folder / "notes.md").write_text("### Notes\n\nA thing that failed.\n", encoding="utf-8")
    return folder


def numpy_interval(values: np.ndarray) -> tuple[float, float]:
    """An independent bootstrap; equal up to the noise of the draws."""
    picks = np.random.default_rng(1).integers(0, len(values), (BOOTSTRAP_DRAWS, len(values)))
    low, high = np.percentile(values[picks].mean(axis=1), [2.5, 97.5])
    return float(low), float(high)


def test_estimates_are_means_over_seeds_then_tasks(results: Path) -> None:
    rows = read_results(results).split("report")
    matched = np.array(
        [[r.exact_match["matched"] for r in rows if r.train_seed == s] for s in range(3)]
    )
    found = estimate(rows, "matched")
    assert found is not None and found.tasks == TASKS
    assert found.mean == pytest.approx(matched.mean())
    assert (found.low, found.high) == pytest.approx(numpy_interval(matched.mean(axis=0)), abs=2e-3)
    seeds = means_by_seed(rows, "matched")
    assert list(seeds.values()) == pytest.approx(list(matched.mean(axis=1)))
    assert spread(seeds.values()) == pytest.approx(matched.mean(axis=1).std(ddof=1))


def test_differences_and_shares_are_paired_by_task(results: Path) -> None:
    rows = read_results(results).split("report")
    zero, oracle = (
        np.array([r.exact_match[name] for r in rows if r.train_seed == -1])
        for name in ("zero_shot", "oracle")
    )
    matched = np.mean(
        [[r.exact_match["matched"] for r in rows if r.train_seed == s] for s in range(3)], axis=0
    )
    gap = difference(rows, "matched", "zero_shot")
    assert gap is not None and gap.mean == pytest.approx((matched - zero).mean())
    assert (gap.low, gap.high) == pytest.approx(numpy_interval(matched - zero), abs=2e-3)
    share = share_of_gain(rows, "matched", "oracle", "zero_shot")
    assert share is not None
    assert share.mean == pytest.approx((matched - zero).sum() / (oracle - zero).sum())
    assert share.low < share.mean < share.high


def test_a_difference_compares_the_same_runs_where_there_are_any() -> None:
    def row(seed: int, **scores: float) -> ResultRow:
        return ResultRow("main", "S", seed, 1, "report", "t", "f", 1, scores)

    rows = [row(0, matched=0.5, int8=0.4), row(1, matched=0.9)]
    found = difference(rows, "matched", "int8")
    assert found is not None and found.mean == pytest.approx(0.1)


def test_the_tables_hold_those_numbers(results: Path, config: Config, tmp_path: Path) -> None:
    text = build_report(results, tmp_path / "docs", config).read_text(encoding="utf-8")
    rows = read_results(results).split("report")
    for name in ("matched", "zero_shot", "oracle"):
        found = estimate(rows, name)
        assert found is not None
        cell = f"{100 * found.mean:.1f}% ({100 * found.low:.1f} to {100 * found.high:.1f})"
        assert f"(`{name}`) | {TASKS} | {cell} |" in text
    names = ("conditions-report", "strength", "study-rank", "study-variant_full", "fit", "map")
    for name in (*names, "compression", "similarity"):
        assert f"(figures/{name}.svg)" in text
        assert (tmp_path / "docs" / "figures" / f"{name}.svg").exists()
    assert "### something_new" in text and "study-something_new" not in text
    assert text.index("| `4` |") < text.index("| `16` |")
    assert text.rstrip().endswith("A thing that failed.")


def test_a_study_says_what_descriptions_tell_by_the_loss(
    results: Path, config: Config, tmp_path: Path
) -> None:
    text = build_report(results, tmp_path / "docs", config).read_text(encoding="utf-8")
    best = "descriptions tell `16` most: 1.000 (1.000 to 1.000) nats a token, and every other run"
    assert best in text
    row = "| `16` | 4 | – | 1.000 (1.000 to 1.000) | 2.000 (2.000 to 2.000) | – |"
    told = " +1.000 (+1.000 to +1.000) | -0.500 (-0.500 to -0.500) |"
    assert row + told in text
    assert text.count("By this, descriptions tell") == 1  # the other studies have no losses


def test_a_study_names_no_best_run_where_none_is_known(
    results: Path, config: Config, tmp_path: Path
) -> None:
    def page(*gaps: tuple[str, float]) -> str:
        rows = [
            LossRow("rank", name, 0, 1, f"t{n}", 9, {"matched": 1.0, "shuffled": 1 + gap})
            for name, gap in gaps
            for n in range(4)
        ]
        (results / "study_losses.jsonl").unlink()
        append_losses(results / "study_losses.jsonl", rows)
        return build_report(results, tmp_path / "docs", config).read_text(encoding="utf-8")

    assert "By this" not in page(("4", 0.5))
    assert "tell `16` most" in page(("4", math.nan), ("16", 0.25), ("2", 0.125))
    assert "By this, descriptions tell none of them" in page(("4", 0.0), ("16", -0.5))
    near = page(("4", 0.25), ("16", 0.25), ("2", 0.125))
    assert "tell `4` most: 0.250 (0.250 to 0.250) nats a token. Not clearly less: `16`; the" in near


def test_missing_data_is_said(config: Config, tmp_path: Path) -> None:
    docs = tmp_path / "docs"
    text = build_report(tmp_path / "nothing", docs, config).read_text(encoding="utf-8")
    assert "Not measured yet: run `cd training && .venv/bin/python -m t2l" in text
    assert "study rank --config" in text
    assert "![" not in text and not list((docs / "figures").iterdir())
    assert "| met |" not in text and "| not met |" not in text


@pytest.mark.parametrize(
    ("file", "told"),
    [
        (TRAINING / "configs" / "mine.yaml", "configs/mine.yaml"),
        (TRAINING / "runs" / "mine" / "recipe.yaml", "runs/mine/recipe.yaml"),
        (Path("/my recipes/recipe.yaml"), "'/my recipes/recipe.yaml'"),
    ],
)
def test_commands_name_the_file_that_was_given(
    config: Config, tmp_path: Path, file: Path, told: str
) -> None:
    own = replace(config, publish=False)
    text = build_report(tmp_path / "nothing", tmp_path / "docs", own, file).read_text("utf-8")
    assert f"```sh\ncd training && .venv/bin/python -m t2l report --config {told}\n```" in text
    assert set(re.findall(r"--config (.+?)[`\n]", text)) == {told}


def test_a_page_with_notes_says_that_people_wrote_them(
    results: Path, config: Config, tmp_path: Path
) -> None:
    text = build_report(results, tmp_path / "one", config).read_text(encoding="utf-8")
    assert "was typed, except in the notes [at its end](#what-did-not-work). Exact" in text
    assert "\n## What did not work\n" in text
    (results / "notes.md").unlink()
    text = build_report(results, tmp_path / "two", config).read_text(encoding="utf-8")
    assert "no number in it was typed. Exact" in text


def test_equal_results_give_equal_bytes(results: Path, config: Config, tmp_path: Path) -> None:
    for name in ("one", "two"):
        build_report(results, tmp_path / name, config)
    files = sorted(p.relative_to(tmp_path / "one") for p in (tmp_path / "one").rglob("*.*"))
    assert len(files) > 8
    for file in files:
        assert (tmp_path / "one" / file).read_bytes() == (tmp_path / "two" / file).read_bytes(), (
            file
        )


@pytest.mark.parametrize("bar", (*MINI_BARS, *LANGUAGE_BARS), ids=lambda bar: bar.name)
def test_bars_are_judged_on_both_sides(bar: Bar) -> None:
    for step, met in ((-0.001, not bar.at_least), (0.0, True), (0.001, bar.at_least)):
        mean = bar.required + step
        assert is_met(bar, Estimate(mean, mean, mean, 1)) is met


def test_the_bars_come_from_the_data(results: Path, config: Config) -> None:
    page = Page(read_results(results), results, config)
    lines = bars_section(page, MINI_BARS).splitlines()
    judged = {line.split(" | ")[0]: line for line in lines if line.startswith("| ")}
    assert judged["| exact match with the description's adapter"].endswith("| met |")
    assert judged["| above the adapter of another task's description"].endswith("| met |")
    assert judged["| variant S below variant L"].endswith("| not met |")
    rows = read_results(results).study("variant_full")
    gaps = [r.exact_match["matched"] * (1 if r.variant == "L_distilled" else -1) for r in rows]
    assert f"| {100 * sum(gaps) / TASKS:+.1f} (" in judged["| variant S below variant L"]
    assert "Not measured yet" in judged["| int8 below float32"]


def test_rows_are_read_back_whole(results: Path) -> None:
    found = read_results(results)
    assert len(found.split("left_out")) == TASKS
    assert asdict(found.main[0])["study"] == "main"
    assert found.vectors is not None and len(found.vectors.rows) == 24
    assert of_values([]) is None
