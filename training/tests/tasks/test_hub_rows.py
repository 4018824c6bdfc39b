"""Rows of Lots-of-LoRAs become tasks to train on, read by the real library from local files."""

from __future__ import annotations

import json
from datetime import date
from importlib.util import find_spec
from pathlib import Path

import pytest
import yaml
from command_for_tests import Command

from t2l.config.tasks import FileTasks
from t2l.tasks.hub_rows import ROWS, fetch_rows, fields_of, four_choices
from t2l.tasks.json_files import TaskFileError
from t2l.tasks.metadata import read_metadata
from t2l.tasks.open import file_tasks

WITHOUT = find_spec("datasets") is None
needs_library = pytest.mark.skipif(
    WITHOUT, reason="datasets is not installed here; npm run test:harness has it"
)
PROMPT = """Definition: Write the plural of the noun.

Positive Example 1 -
Input: cat
Output: cats

Negative Example 1 -
Input: dog
Output: dog

Now complete the following example -
Input: {input}
Output:
"""


def lay(root: Path, name: str, data_set: str, rows: int) -> None:
    """A task, and its data set in a folder beside the tasks."""
    (root / "tasks" / name).mkdir(parents=True)
    (root / "hub" / data_set).mkdir(parents=True)
    texts = [f"Write the plural of noun {number}." for number in range(8)]
    task = {
        "descriptions": texts,
        "ds_kwargs": {
            "path": f"Lots-of-LoRAs/{data_set}",
            "name": "default",
            "split": "train[:6]",
        },
        "user_prompt_template": "{task_def}\n\n{problem}",
        "response_field": "answer",
    }
    (root / "tasks" / name / "metadata.yaml").write_text(yaml.safe_dump(task))
    lines = (
        {"id": str(n), "input": PROMPT.format(input=f"noun{n}"), "output": [f"noun{n}s", f"n{n}"]}
        for n in range(rows)
    )
    text = "".join(json.dumps(line) + "\n" for line in lines)
    (root / "hub" / data_set / "train.jsonl").write_text(text)


@needs_library
def test_rows_are_fetched_once_and_then_are_tasks(run_t2l: Command, tmp_path: Path) -> None:
    lay(tmp_path, "lol_075", "task075_plural", 9)
    lay(tmp_path, "lol_076", "task076_plural", 3)
    call = ("rows", tmp_path / "tasks", "--from", tmp_path / "hub")
    assert run_t2l(*call, "--tasks", "lol_076") == "lol_076  3 rows\n"
    assert run_t2l(*call) == "lol_075  6 rows\n"  # train[:6]
    assert run_t2l(*call) == "every task has rows already\n"
    draft = read_metadata(tmp_path / "tasks")[0]
    assert (draft.name, draft.definition) == ("lol_075", "Write the plural of the noun.")
    assert [sample.input for sample in draft.examples] == [f"noun{n}" for n in range(6)]
    assert draft.examples[0].answers == ("noun0s", "n0")
    tasks = file_tasks(FileTasks("metadata", str(tmp_path / "tasks"), report=0.0, selection=0.0))
    assert sorted(task.name for task in tasks.train) == ["tasks/lol_075", "tasks/lol_076"]


@needs_library
def test_benchmarks_and_contaminated_tasks_get_rows_only_when_they_are_named(
    run_t2l: Command, tmp_path: Path
) -> None:
    lay(tmp_path, "lol_1391", "task1391_winogrande_easy_answer_generation", 3)
    lay(tmp_path, "boolq", "boolq", 3)
    call = ("rows", tmp_path / "tasks", "--from", tmp_path / "hub")
    assert run_t2l(*call) == "every task has rows already\n"
    assert not list(tmp_path.glob(f"tasks/*/{ROWS}"))
    assert run_t2l(*call, "--tasks", "boolq") == "boolq  3 rows\n"
    assert list(tmp_path.glob(f"tasks/*/{ROWS}")) == [tmp_path / "tasks" / "boolq" / ROWS]


@needs_library
def test_a_data_set_that_is_not_there_is_named(refused_by_t2l: Command, tmp_path: Path) -> None:
    lay(tmp_path, "lol_075", "task075_plural", 2)
    said = refused_by_t2l("rows", tmp_path / "tasks", "--from", tmp_path / "elsewhere")
    assert said.endswith("no such folder, for the data set Lots-of-LoRAs/task075_plural")


@needs_library
def test_a_file_that_the_library_cannot_read_is_named(
    refused_by_t2l: Command, tmp_path: Path
) -> None:
    lay(tmp_path, "lol_075", "task075_plural", 6)
    (tmp_path / "hub" / "task075_plural" / "train.jsonl").write_text('{"input": "cat"}\n[1, {\n')
    said = refused_by_t2l("rows", tmp_path / "tasks", "--from", tmp_path / "hub")
    assert "task075_plural cannot be had: " in said
    assert [path.name for path in (tmp_path / "tasks" / "lol_075").iterdir()] == ["metadata.yaml"]


def test_a_row_of_another_layout_is_refused() -> None:
    with pytest.raises(TaskFileError, match="row 3: a row of Lots-of-LoRAs has an output and an"):
        fields_of("lol_075", {"input": "cat", "output": ["cats"]}, "row 3")


def test_an_input_may_have_the_words_of_the_frame() -> None:
    said = "Which comes first?\nOutput: a\nInput: b"
    row = {"input": PROMPT.format(input=said), "output": ["x"]}
    assert fields_of("lol_075", row, "row 1")["problem"] == said


def test_rows_of_arc_and_mbpp_get_what_their_prompts_ask_for() -> None:
    three = {"label": ["1", "2", "3"], "text": ["a", "b", "c"]}
    filled = {"label": ["1", "2", "3", "4"], "text": ["a", "b", "c", "N/A"]}
    assert four_choices(three, "") == filled
    assert fields_of("arc_easy", {"choices": three}, "")["choices"] == filled
    assert fields_of("mbpp", {"test_list": ["x", "y"]}, "")["assertions"] == "x\ny"


@pytest.mark.parametrize(
    ("name", "row", "said"),
    [
        ("lol_075", ["no", "object"], "row 3"),
        ("arc_easy", {"question": "?"}, "row 3: choices must have as many of label as of text"),
        ("arc_easy", {"choices": {"label": [], "text": []}}, "one or more"),
        ("arc_easy", {"choices": {"label": ["A"], "text": ["a", "b"]}}, "as many"),
        ("arc_easy", {"choices": ["a", "b"]}, "got .'a', 'b'."),
        ("mbpp", {"text": "x"}, "row 3: test_list must be a list of assertions, got None"),
        ("mbpp", {"test_list": [1]}, "row 3: test_list must be"),
    ],
)
def test_a_row_that_lacks_what_its_benchmark_has_is_named(
    name: str, row: dict[str, object], said: str
) -> None:
    with pytest.raises(TaskFileError, match=said):
        fields_of(name, row, "row 3")


def test_a_row_that_is_no_json_leaves_nothing(tmp_path: Path) -> None:
    lay(tmp_path, "boolq", "boolq", 1)
    with pytest.raises(TaskFileError, match="a row of its data set is no JSON: .*date"):
        fetch_rows(tmp_path / "tasks", ["boolq"], lambda _: [{"day": date(2026, 1, 1)}])
    assert [path.name for path in (tmp_path / "tasks" / "boolq").iterdir()] == ["metadata.yaml"]


@pytest.mark.skipif(not WITHOUT, reason="datasets is installed here")
def test_without_the_library_it_says_how_to_get_it(refused_by_t2l: Command, tmp_path: Path) -> None:
    lay(tmp_path, "lol_075", "task075_plural", 2)
    said = refused_by_t2l("rows", tmp_path / "tasks", "--from", tmp_path / "hub")
    assert "pip install -e 'training[datasets]'" in said
