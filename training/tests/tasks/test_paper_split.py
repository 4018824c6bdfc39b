"""Text-to-LoRA's own split, by the names of tasks in either layout."""

import json
import logging
from pathlib import Path

import pytest

from t2l.config.recipe import FileTasks
from t2l.tasks.json_files import TaskFileError
from t2l.tasks.open import file_tasks
from t2l.tasks.paper_split import paper_split, reference_name


def test_it_has_the_paper_s_numbers_and_no_task_twice() -> None:
    sides = list(paper_split().values())
    assert {side: sides.count(side) for side in sorted(set(sides))} == {
        "contaminated": 10,
        "report": 10,
        "selection": 11,
        "train": 479,
    }
    document = json.loads(
        (Path(__file__).parents[2] / "t2l/tasks/texts/text_to_lora_split.json").read_text()
    )
    assert sum(len(value) for value in document.values() if isinstance(value, list)) == len(sides)


@pytest.mark.parametrize(
    ("name", "known"),
    [
        ("lol_075", "lol_075"),
        ("task075_squad1.1_answer_generation", "lol_075"),
        ("task1391_winogrande_easy_answer_generation", "lol_1391"),
        ("boolq", "boolq"),
        ("taskmaster", "taskmaster"),
    ],
)
def test_a_task_is_known_by_its_number(name: str, known: str) -> None:
    assert reference_name(name) == known


def tasks_in(folder: Path, names: list[str]) -> FileTasks:
    folder.mkdir()
    for name in names:
        lines = [{"descriptions": [f"{name} {n}" for n in "abcd"]}]
        lines += [{"input": f"{n}", "output": "x"} for n in range(9)]
        path = folder / f"{name}.jsonl"
        path.write_text("\n".join(map(json.dumps, lines)), encoding="utf-8")
    return FileTasks("folder", str(folder), split="text-to-lora")


def test_tasks_go_where_the_paper_has_them(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    names = ["task075_a", "task1198_b", "lol_035", "boolq", "task033_c", "mine"]
    config = tasks_in(tmp_path / "set", names)
    with caplog.at_level(logging.WARNING):
        found = file_tasks(config)
    assert [task.name for task in found.train] == ["set/task075_a", "set/task1198_b"]
    assert [task.name for task in found.selection] == ["set/lol_035"]
    assert [task.name for task in found.report] == ["set/boolq"]
    [record] = caplog.records
    assert "made of the same: set/task033_c; not in its split: set/mine" in record.getMessage()


def test_a_side_without_tasks_is_refused_with_names_that_would_do(tmp_path: Path) -> None:
    config = tasks_in(tmp_path / "set", ["task075_a", "lol_035"])
    message = r"none of 2 tasks is for report; put some there, such as arc_challenge"
    with pytest.raises(TaskFileError, match=message):
        file_tasks(config)
