"""Measuring: nothing is done twice, what a kill leaves is no harm, and means are over tasks."""

import json
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from adapters_for_tests import CONFIG, CPU, DIM, LetterEncoder, tiny_base, tiny_corpus, tiny_tasks

from t2l.config.recipe import ConfigError
from t2l.evaluate.conditions import CONDITIONS
from t2l.evaluate.identity import claims
from t2l.evaluate.measure import TASKS_A_BLOCK, measure
from t2l.evaluate.questions import Block
from t2l.evaluate.results import (
    ResultRow,
    ResultsError,
    append_json,
    append_rows,
    by_task,
    interval,
    merged,
    read_rows,
    summarise,
)
from t2l.evaluate.run import with_seed
from t2l.evaluate.setting import Setting
from t2l.tasks.procedural.world import Task, procedural_tasks
from t2l.train.objectives.sft import build_hypernetwork

PLACE = {"study": "s", "variant": "v", "train_seed": 0, "sampling_seed": 1, "split": "report"}


@pytest.fixture(scope="module")
def setting(tmp_path_factory: pytest.TempPathFactory) -> Setting:
    folder = tmp_path_factory.mktemp("setting")
    model, target = tiny_base(folder / "base")
    network = build_hypernetwork(CONFIG, target, DIM).eval()
    return Setting(model, network, LetterEncoder(), tiny_corpus(), CONFIG, CPU, folder)


@pytest.fixture
def asked(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, str]]:
    """Every (condition, task) that is measured, while `first` and `second` are conditions."""
    found: list[tuple[str, str]] = []

    def condition(name: str) -> Callable[[Setting, Block], list[bool]]:
        def answers(_: Setting, block: Block) -> list[bool]:
            found.extend((name, task.name) for task in block.tasks)
            return [row % 4 == 0 for task in block.tasks for row in range(len(block.samples[0]))]

        return answers

    for name in ("first", "second"):
        monkeypatch.setitem(CONDITIONS, name, condition(name))
    return found


def names(tasks: tuple[Task, ...], condition: str) -> list[tuple[str, str]]:
    return [(condition, task.name) for task in tasks]


def row(task: str = "t", **scores: float) -> ResultRow:
    return ResultRow("s", "v", 0, 1, "report", task, "f", 4, scores)


def test_what_is_in_the_results_file_is_not_measured_again(
    setting: Setting, asked: list[tuple[str, str]], tmp_path: Path
) -> None:
    tasks, path = tiny_tasks().train[:3], tmp_path / "r.jsonl"
    rows = measure(setting, tasks, ["first"], path, **PLACE)
    assert [r.task for r in rows] == [task.name for task in tasks]
    assert [r.exact_match for r in rows] == [{"first": 0.25}] * 3
    assert asked == names(tasks, "first")
    asked.clear()
    again = measure(setting, tasks, ["first", "second"], path, **PLACE)
    assert asked == names(tasks, "second")
    assert [r.exact_match for r in again] == [{"first": 0.25, "second": 0.25}] * 3
    asked.clear()
    assert measure(setting, tasks, ["second", "first"], path, **PLACE) == again
    assert asked == []


def test_answers_that_are_written_are_compared_word_by_word_too(
    setting: Setting, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    tasks, path = tiny_tasks().train[:2], tmp_path / "r.jsonl"
    said = ["one two three", "one two", "four", "five", "six", "", "one", "three"]

    def writes(setting: Setting, block: Block) -> list[bool]:
        assert setting.hears is not None
        for text in said:
            setting.hears(text, ["one two three", "four"])
        return [False] * len(said)

    monkeypatch.setitem(CONDITIONS, "writes", writes)
    measure(setting, tasks, ["matched"], path, **PLACE)  # one pass tells; nothing is written
    assert "rouge_l" not in path.read_text()
    rows = measure(setting, tasks, ["writes"], path, **PLACE)
    each = CONFIG.evaluation.samples
    assert len(said) == 2 * each
    shares = [1.0, 0.8, 1.0, 0.0, 0.0, 0.0, 0.5, 0.5]
    for place, row in enumerate(rows):
        own = shares[place * each : (place + 1) * each]
        assert row.rouge_l == {"writes": pytest.approx(sum(own) / each)}
        assert row.exact_match.keys() == {"matched", "writes"}
    assert measure(setting, tasks, ["writes", "matched"], path, **PLACE) == rows


@pytest.mark.parametrize("change", [{"train_seed": 1}, {"sampling_seed": 2}, {"variant": "w"}])
def test_another_seed_or_variant_is_measured_by_itself(
    setting: Setting, asked: list[tuple[str, str]], tmp_path: Path, change: dict[str, object]
) -> None:
    tasks, path = tiny_tasks().train[:2], tmp_path / "r.jsonl"
    measure(setting, tasks, ["first"], path, **PLACE)
    measure(setting, tasks, ["first"], path, **{**PLACE, **change})
    assert asked == names(tasks, "first") * 2


def test_a_measurement_that_was_killed_goes_on_where_its_file_ends(
    setting: Setting, asked: list[tuple[str, str]], tmp_path: Path
) -> None:
    tasks, path = procedural_tasks().train[: TASKS_A_BLOCK + 3], tmp_path / "r.jsonl"
    whole = measure(setting, tasks, ["first"], path, **PLACE)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join(lines[:-2]) + lines[-2][:40])  # killed inside the second block
    asked.clear()
    assert measure(setting, tasks, ["first"], path, **PLACE) == whole
    assert asked == names(tasks[TASKS_A_BLOCK:], "first")
    for line in path.read_text().splitlines():
        json.loads(line)


def test_rows_of_one_key_are_put_together_and_others_apart(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "r.jsonl"
    append_rows(path, [row(a=0.5), row("u", a=1.0)])
    append_rows(path, [row(b=0.25)])
    found = merged(read_rows(path))
    assert found[row().key].exact_match == {"a": 0.5, "b": 0.25}
    assert found[row("u").key].exact_match == {"a": 1.0}
    assert read_rows(tmp_path / "none.jsonl") == []


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("{oh", "r.jsonl:2: no JSON"),
        ("3", "r.jsonl:2: no object"),
        ('{"study":"s"}', "r.jsonl: a row that another version wrote: missing .*variant"),
    ],
)
def test_a_damaged_line_is_named(tmp_path: Path, line: str, said: str) -> None:
    path = tmp_path / "r.jsonl"
    append_rows(path, [row()])
    path.write_text(f"{path.read_text()}{line}\n")
    append_rows(path, [row("u")])
    with pytest.raises(ResultsError, match=said):
        read_rows(path)


def test_a_damaged_note_of_networks_is_named(tmp_path: Path) -> None:
    (tmp_path / "r.networks.json").write_text('{"s/v/0": ')
    with pytest.raises(ConfigError, match="r.networks.json: no JSON: .* rows of r.jsonl"):
        claims(tmp_path / "r.jsonl")


def test_a_record_is_appended_once(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    for steps in (1, 2, 1):
        append_json(path, {"steps": steps})
    assert [json.loads(line)["steps"] for line in path.read_text().splitlines()] == [1, 2]


def test_a_record_after_a_kill_does_not_join_what_the_kill_left(tmp_path: Path) -> None:
    path = tmp_path / "t.jsonl"
    path.write_text('{"steps":1}\n{"ste')
    append_json(path, {"steps": 2})
    assert path.read_text() == '{"steps":1}\n{"steps":2}\n'


def test_summary_is_the_mean_over_tasks_inside_its_interval() -> None:
    summary = summarise([row(str(i), matched=i / 10) for i in range(11)])["matched"]
    assert summary["exact_match"] == pytest.approx(0.5)
    edges = summary["interval"]
    assert isinstance(edges, list)
    low, high = edges
    assert 0.2 < low < 0.5 < high < 0.8


def test_a_task_that_was_measured_often_counts_once() -> None:
    rows = [row("a", x=1.0), row("a", x=0.5), row("a", x=0.0), row("b", x=1.0)]
    assert by_task(rows, "x") == {"a": 0.5, "b": 1.0}
    assert summarise(rows)["x"]["exact_match"] == 0.75


def test_the_interval_of_equal_values_has_no_width() -> None:
    assert interval([0.25] * 8) == (0.25, 0.25)


def test_rows_of_another_network_are_not_taken_for_this_ones(
    setting: Setting, asked: list[tuple[str, str]], tmp_path: Path
) -> None:
    tasks, path = tiny_tasks().train[:2], tmp_path / "r.jsonl"
    measure(setting, tasks, ["first"], path, **PLACE)
    other = build_hypernetwork(with_seed(CONFIG, 7), setting.hypernetwork.target, DIM).eval()
    with pytest.raises(ConfigError, match="s/v/0 are of network"):
        measure(replace(setting, hypernetwork=other), tasks, ["first"], path, **PLACE)
    path.with_suffix(".networks.json").unlink()
    with pytest.raises(ConfigError, match="unknown network"):
        measure(setting, tasks, ["first"], path, **PLACE)
