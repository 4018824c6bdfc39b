"""The texts that people wrote: each names a task, in one half only, in words of its own."""

import json
import re
from typing import Any

import pytest

from t2l.tasks.procedural.registry import DOMAINS
from t2l.tasks.procedural.spoken import NAMED, Spoken, SpokenError, read_spoken, spoken
from t2l.tasks.procedural.world import Task, procedural_tasks

WORLD = procedural_tasks()
TASKS = {
    task.name: task for task in (*WORLD.train, *WORLD.selection, *WORLD.report, *WORLD.left_out)
}
SPLITS = ("train", "selection", "held_out")
ROWS = spoken()
OF_TASKS = tuple(row for row in ROWS if row.kind == "task")
GOOD = {"text": "sort a to z", "task": "words/sort", "kind": "task", "split": "report"}


def plain(text: str) -> str:
    """Words and signs only: case, white space and what ends a clause are no difference."""
    return " ".join(re.sub(r"[.,;!?()\"']", " ", text.lower()).split())


def key_of(domain: str, operation: str) -> str:
    """A step less its parameter, as the phrase book has it."""
    step = next(row for row in DOMAINS[domain].operations if row.name == operation)
    return f"{domain}/{step.key or step.name}"


def keys_of(task: Task) -> set[str]:
    return {key_of(task.domain, step.name) for step in task.steps}


def test_every_named_task_exists_and_is_of_the_files_domain() -> None:
    named = {row.task for row in ROWS if row.kind in NAMED}
    assert named <= set(TASKS)


def test_no_task_is_in_both_halves() -> None:
    halves: dict[str, set[str]] = {}
    for row in ROWS:
        if row.task is not None:
            halves.setdefault(row.task, set()).add(row.split)
    assert [task for task, split in halves.items() if len(split) > 1] == []


def test_both_halves_have_enough_of_every_kind() -> None:
    for half in ("calibration", "report"):
        kinds = [row.kind for row in ROWS if row.split == half]
        assert kinds.count("task") >= 150
        assert kinds.count("missing_step") >= 15
        assert kinds.count("size") >= 8
        assert kinds.count("other") >= 25
    assert len(OF_TASKS) >= 300
    assert len({row.task for row in OF_TASKS}) >= 120


def test_no_text_is_there_twice() -> None:
    assert len({" ".join(row.text.lower().split()) for row in ROWS}) == len(ROWS)


def test_every_operation_that_a_task_has_is_asked_for() -> None:
    wanted = {key for task in TASKS.values() for key in keys_of(task)}
    asked = {key for row in OF_TASKS for key in keys_of(TASKS[str(row.task)])}
    assert wanted - asked == set()


@pytest.mark.parametrize("name", sorted({str(row.task) for row in OF_TASKS})[::8])
def test_no_text_is_a_phrasing_of_its_task(name: str) -> None:
    phrasings = {plain(text) for split in SPLITS for text in TASKS[name].descriptions(split, 40, 0)}
    assert not phrasings & {plain(row.text) for row in OF_TASKS if row.task == name}


@pytest.mark.parametrize("domain", sorted(DOMAINS))
def test_no_text_contains_a_phrase_of_the_grammars_for_its_steps(domain: str) -> None:
    ours = [row for row in OF_TASKS if str(row.task).startswith(f"{domain}/")]
    phrases: dict[str, list[str]] = {}
    found: list[tuple[Spoken, str]] = []
    for row in ours:
        text = f" {plain(row.text)} "
        for step in TASKS[str(row.task)].steps:
            if step.name not in phrases:
                every = (DOMAINS[domain].phrases(step, split) for split in SPLITS)
                phrases[step.name] = [f" {plain(phrase)} " for some in every for phrase in some]
            found += [(row, phrase) for phrase in phrases[step.name] if phrase in text]
    assert found == []


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"text": ""}, "description must say"),
        ({"text": "sort  a to z"}, "canonical"),
        ({"text": 3}, "must be a string"),
        ({"task": None}, "the name of a task"),
        ({"kind": "other"}, "null"),
        ({"kind": "joke"}, "kind must be one of"),
        ({"split": "train"}, "split must be one of"),
        ({"note": "x"}, "exactly the keys"),
    ],
)
def test_a_bad_line_is_refused_with_its_place(change: dict[str, Any], said: str) -> None:
    lines = f"{json.dumps(GOOD)}\n{json.dumps(GOOD | change)}\n"
    with pytest.raises(SpokenError, match=r"x\.jsonl, line 2: ") as caught:
        read_spoken(lines, "x.jsonl")
    assert said in str(caught.value)


@pytest.mark.parametrize("line", ["", "{", "[]"])
def test_a_line_that_is_no_object_is_refused(line: str) -> None:
    with pytest.raises(SpokenError, match="line 1: "):
        read_spoken(line + "\n", "x.jsonl")
