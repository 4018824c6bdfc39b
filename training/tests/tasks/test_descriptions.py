"""Files of descriptions give every task its texts, and what is wrong is named by file and line."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest

from t2l.tasks.descriptions import DescriptionsError, TaskDescriptions, read_descriptions

ROWS = [
    {"task": "sort", "descriptions": ["Sort the words.", "Put the words in order."], "size": 3},
    {"task": "count", "description": "Count the letters."},
    {"task": "sort", "descriptions": ["Order the words."]},
]
TASKS = (
    TaskDescriptions("sort", ("Sort the words.", "Put the words in order.", "Order the words.")),
    TaskDescriptions("count", ("Count the letters.",)),
)


def written(folder: Path, *lines: str | dict[str, object]) -> Path:
    path = folder / "tasks.jsonl"
    texts = [line if isinstance(line, str) else json.dumps(line) for line in lines]
    path.write_text("\n".join(texts), encoding="utf-8")
    return path


def packed(path: Path) -> Path:
    data = gzip.compress(path.read_bytes())
    path = path.with_suffix(".jsonl.gz")
    path.write_bytes(data)
    return path


def test_tasks_come_in_their_order_and_those_that_come_twice_are_joined(tmp_path: Path):
    assert read_descriptions(written(tmp_path, *ROWS)) == TASKS


def test_a_gzipped_file_is_read_whatever_it_is_called(tmp_path: Path):
    path = packed(written(tmp_path, *ROWS))
    assert read_descriptions(path) == TASKS
    assert read_descriptions(path.rename(tmp_path / "tasks")) == TASKS


def test_empty_lines_and_windows_line_ends_do_not_matter(tmp_path: Path):
    lines = [f"{json.dumps(row)}\r" for row in ROWS]
    assert read_descriptions(written(tmp_path, "", *lines, " \r", "")) == TASKS


def test_texts_are_normalised_as_the_edge_normalises_what_it_encodes(tmp_path: Path):
    path = written(tmp_path, {"task": "sort", "description": " Sort\n the\u00a0 cafe\u0301s. "})
    assert read_descriptions(path)[0].texts == ("Sort the caf\u00e9s.",)


@pytest.mark.parametrize("separator", ["\u2028", "\u2029", "\u0085"])
def test_a_separator_within_a_text_does_not_end_its_line(tmp_path: Path, separator: str):
    row = {"task": f"sort{separator}words", "description": "Sort the words."}
    path = written(tmp_path, json.dumps(row, ensure_ascii=False))
    assert read_descriptions(path)[0].task == row["task"]


@pytest.mark.parametrize(
    ("line", "words"),
    [
        ("{", "not JSON .*; write"),
        ("[1]", "there is no task; write"),
        ({"descriptions": ["Sort."]}, "there is no task"),
        ({"task": "", "descriptions": ["Sort."]}, "there is no task"),
        ({"task": 3, "descriptions": ["Sort."]}, "there is no task"),
        ({"task": "sort"}, "must be a text, got None"),
        ({"task": "sort", "descriptions": []}, "must be a list of texts; write"),
        ({"task": "sort", "descriptions": "Sort."}, "must be a list of texts"),
        ({"task": "sort", "descriptions": ["Sort.", 3]}, "must be a text, got 3"),
        ({"task": "sort", "description": " \n"}, "must be a text, got ' .n'"),
        ({"task": "sort", "description": "Sort\0"}, "without control characters"),
        ({"task": "sort", "description": "a" * 2001}, "at most 2000 characters"),
    ],
)
def test_a_bad_line_is_named_with_its_file(tmp_path: Path, line: str | dict, words: str):
    path = written(tmp_path, ROWS[0], "", line, ROWS[1])
    for file in (path, packed(path)):
        with pytest.raises(DescriptionsError, match=f"{file.name}, line 3: .*{words}"):
            read_descriptions(file)


def test_a_damaged_gzipped_file_is_named(tmp_path: Path):
    path = packed(written(tmp_path, *ROWS))
    whole = path.read_bytes()
    for damaged in (whole[:-12], whole[:20] + b"\xff" * 20 + whole[40:], whole[:-8] + bytes(8)):
        path.write_bytes(damaged)
        with pytest.raises(DescriptionsError, match="tasks.jsonl.gz is damaged"):
            read_descriptions(path)


def test_a_file_that_is_not_there_or_holds_no_text_is_named(tmp_path: Path):
    with pytest.raises(DescriptionsError, match="none.jsonl cannot be read"):
        read_descriptions(tmp_path / "none.jsonl")
    with pytest.raises(DescriptionsError, match="cannot be read"):
        read_descriptions(tmp_path)
    (tmp_path / "latin.jsonl").write_bytes(b'{"task": "caf\xe9", "description": "Sort."}')
    with pytest.raises(DescriptionsError, match="latin.jsonl is damaged, or not UTF-8"):
        read_descriptions(tmp_path / "latin.jsonl")
    for text in ("", "\n\n"):
        with pytest.raises(DescriptionsError, match="tasks.jsonl has no descriptions; give one"):
            read_descriptions(written(tmp_path, text))
