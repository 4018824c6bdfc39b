"""`python -m t2l harness`: a bundle's adapters and their controls, through the real library."""

from __future__ import annotations

import json
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from command_for_tests import Command
from mini_bundle_for_tests import BUNDLE

from t2l.harness import served
from t2l.harness.suite import open_suite

WITHOUT = find_spec("lm_eval") is None
needs_library = pytest.mark.skipif(
    WITHOUT, reason="lm-evaluation-harness is not installed here; npm run test:harness has it"
)
QUESTIONS = {
    "reverse": (
        "Reverse the order of the words.",
        {
            "cat sun map": "map sun cat",
            "red box tree": "tree box red",
            "cup hat pen": "pen hat cup",
        },
    ),
    "upper": (
        "Write every word in capital letters.",
        {
            "cat sun map": "CAT SUN MAP",
            "red box tree": "RED BOX TREE",
            "cup hat pen": "CUP HAT PEN",
        },
    ),
}


@pytest.mark.skipif(not WITHOUT, reason="lm-evaluation-harness is installed here")
def test_without_the_library_it_says_how_to_get_it(refused_by_t2l: Command) -> None:
    assert "bash scripts/setup-harness.sh makes" in refused_by_t2l("harness", BUNDLE)


@pytest.fixture
def fewer_training_tasks(monkeypatch: pytest.MonkeyPatch) -> None:
    """The mean adapter of a few training tasks: that of all 1295 takes a minute."""
    whole = served.read_fit

    class Some:
        def __init__(self, *arguments: object) -> None:
            stored = whole(*arguments)  # type: ignore[arg-type]
            assert stored is not None
            self.rows = stored.rows[:8]

    monkeypatch.setattr(served, "read_fit", Some)


@needs_library
@pytest.mark.usefixtures("fewer_training_tasks")
def test_a_bundle_is_scored_on_a_local_task_of_each_of_the_ten_kinds(
    run_t2l: Command, tmp_path: Path
) -> None:
    out = tmp_path / "rows.jsonl"
    call = ("harness", BUNDLE, "--suite", "local", "--limit", 2, "--descriptions", 1, "--run-code")
    text = run_t2l(*call, "--out", out)
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    assert len(rows) == 10 * 5
    assert {row["benchmark"] for row in rows} == set(open_suite("local").benchmarks)
    conditions = ("plain", "matched", "shuffled", "junk_words", "static")
    for benchmark in open_suite("local").benchmarks:
        own = [row for row in rows if row["benchmark"] == benchmark]
        assert tuple(row["condition"] for row in own) == conditions
        assert len({row["adapter"] for row in own}) == 5 and own[0]["adapter"] is None
        assert len({row["questions"] for row in own}) == 1
        assert all(len(row["hits"]) == 2 for row in own)
    for row in rows:
        assert row["network"] == served.BundleGenerator(BUNDLE).hypernet.digest
        assert row["harness"].startswith("lm_eval ") and row["seed"] == 0
    assert "matched minus shuffled" in text and "matched minus static" in text
    before = out.read_bytes()
    assert run_t2l(*call, "--out", out) == text  # nothing is measured twice
    assert out.read_bytes() == before


@needs_library
def test_only_the_right_description_answers_the_questions_of_a_suite_of_ones_own(
    run_t2l: Command, tmp_path: Path
) -> None:
    benchmarks = {}
    for name, (description, answers) in QUESTIONS.items():
        data = tmp_path / f"{name}.jsonl"
        data.write_text("".join(json.dumps({"q": q, "a": a}) + "\n" for q, a in answers.items()))
        task = {
            "task": f"own_{name}",
            "dataset_path": "json",
            "dataset_kwargs": {
                "data_files": {"test": str(data)},
                "cache_dir": str(tmp_path / "cache"),
            },
            "output_type": "generate_until",
            "test_split": "test",
            "doc_to_text": "{{q}} -> ",
            "doc_to_target": "{{a}}",
            "generation_kwargs": {"until": ["\n"], "max_gen_toks": 16, "do_sample": False},
            "metric_list": [{"metric": "exact_match", "aggregation": "mean"}],
        }
        (tmp_path / f"{name}.yaml").write_text(yaml.safe_dump(task))
        benchmarks[name] = {
            "kind": name,
            "task": f"own_{name}",
            "metric": "exact_match",
            "descriptions": [description],
        }
    suite = tmp_path / "suite.yaml"
    suite.write_text(yaml.safe_dump({"name": "own", "tasks": ".", "benchmarks": benchmarks}))
    out = tmp_path / "rows.jsonl"
    text = run_t2l(
        "harness", BUNDLE, "--suite", suite, "--conditions", "plain,matched,shuffled", "--out", out
    )
    rows = [json.loads(line) for line in out.read_text().splitlines()]
    scores = {(row["benchmark"], row["condition"]): row["score"] for row in rows}
    for name in QUESTIONS:
        assert scores[name, "matched"] == 1.0
        assert scores[name, "plain"] == scores[name, "shuffled"] == 0.0
    (mean,) = [line for line in text.splitlines() if line.startswith("mean")]
    assert mean.split() == ["mean", "0.000", "1.000", "0.000"]


@needs_library
def test_what_cannot_be_scored_is_refused_in_a_sentence(
    refused_by_t2l: Command, tmp_path: Path
) -> None:
    out = ("--out", tmp_path / "rows.jsonl")
    said = refused_by_t2l("harness", BUNDLE, "--suite", "local", "--benchmarks", "mbpp", *out)
    assert said.endswith("mbpp runs programs that the model wrote: allow it with --run-code")
    said = refused_by_t2l("harness", BUNDLE, "--base", "no/where/at/all", *out)
    assert "neither a folder or file here nor a repository" in said
    said = refused_by_t2l("harness", tmp_path, *out)
    assert "is no bundle: it has no manifest.json" in said
    assert not (tmp_path / "rows.jsonl").exists()


@needs_library
def test_a_benchmark_whose_data_cannot_be_had_is_named_before_anything_is_scored(
    refused_by_t2l: Command, tmp_path: Path
) -> None:
    task = {
        "task": "far",
        "dataset_path": "t2l-edge/there-is-none",
        "output_type": "multiple_choice",
        "test_split": "test",
        "doc_to_text": "q",
        "doc_to_target": "a",
        "doc_to_choice": ["no", "yes"],
        "metric_list": [{"metric": "acc"}],
    }
    (tmp_path / "far.yaml").write_text(yaml.safe_dump(task))
    benchmark = {"kind": "k", "task": "far", "metric": "acc", "descriptions": ["Say yes."]}
    suite = tmp_path / "suite.yaml"
    suite.write_text(
        yaml.safe_dump({"name": "own", "tasks": ".", "benchmarks": {"far": benchmark}})
    )
    out = tmp_path / "rows.jsonl"
    said = refused_by_t2l(
        "harness", BUNDLE, "--suite", suite, "--conditions", "plain", "--out", out
    )
    assert "benchmark far: the data of task far cannot be had (" in said
    assert said.endswith("where there is no way to the hub, --suite local needs none")
    assert not out.exists()
