"""The study of kinds of adapter runs from the shipped file, and its page names the best."""

from __future__ import annotations

import json
from dataclasses import asdict, replace
from pathlib import Path

from families_for_tests import save_family
from recipe_for_tests import recipe

from t2l.commands.evaluate_stages import STUDIES
from t2l.evaluate.results import read_rows
from t2l.evaluate.run import results_dir, tasks_of
from t2l.evaluate.studies import CONDITIONS, run_study
from t2l.report.build import build_report


def test_every_kind_is_trained_and_measured_with_the_same_steps(
    tmp_path: Path, published_encoder: Path
) -> None:
    save_family("llama", tmp_path / "model")
    config = recipe(
        tmp_path,
        published_encoder,
        tasks={"source": "folder", "where": "tasks", "selection": 0.4},
        evaluation={"train_seeds": [0], "samples": 2, "descriptions": 1, "left_out": 0},
        study={"steps": 2},
    )
    results = results_dir(config)
    run_study(config, "kinds", STUDIES, results)
    rows = read_rows(results / "studies.jsonl")
    selection = {task.name for task in tasks_of(config).selection}
    assert len(selection) > 0
    for kind in ("lora", "dora", "ia3"):
        own = [row for row in rows if row.variant == kind]
        assert {row.task for row in own} == selection
        assert all(set(row.exact_match) == set(CONDITIONS) for row in own)
    notes = [json.loads(line) for line in (results / "training.jsonl").read_text().splitlines()]
    assert {note["steps"] for note in notes} == {2}
    sizes = {note["variant"]: note["parameters"] for note in notes}
    assert sizes["ia3"] < sizes["lora"] < sizes["dora"]
    text = build_report(results, tmp_path / "docs", config).read_text(encoding="utf-8")
    assert "### Kinds of adapter" in text and "Descriptions tell none of them" in text
    assert all(f"| `{kind}` |" in text for kind in ("lora", "dora", "ia3"))
    # another study with the same network takes over what was measured, also after a kill
    (tmp_path / "other.yaml").write_text("other: {same: {}}\n")
    run_study(config, "other", tmp_path / "other.yaml", results)
    mine = {row.task: row.exact_match for row in rows if row.variant == "lora"}
    file = results / "studies.jsonl"
    for _ in ("whole", "killed before the rows"):
        again = read_rows(file)
        assert {row.task: row.exact_match for row in again if row.study == "other"} == mine
        file.write_text("".join(json.dumps(asdict(row)) + "\n" for row in rows))
        run_study(config, "other", tmp_path / "other.yaml", results)
    notes = [json.loads(line) for line in (results / "training.jsonl").read_text().splitlines()]
    assert [note["variant"] for note in notes] == ["lora", "dora", "ia3", "same"]
    # with more questions it is measured by itself
    more = replace(config, evaluation=replace(config.evaluation, samples=3))
    (tmp_path / "other.yaml").write_text("more: {same: {}}\n")
    run_study(more, "more", tmp_path / "other.yaml", results)
    assert {row.samples for row in read_rows(file) if row.study == "more"} == {3}
