"""Word-level tasks of "Function Vectors in Large Language Models" (Todd et al., 2024).

    dataset_files/abstractive/antonym.json      [{"input": "hot", "output": "cold"}, ...]

The files say nothing of what is asked, so descriptions are named as `tasks.texts`, or written in
`texts/function_vectors.jsonl`, which ships. The folder that a file lies in is its family.
"""

from __future__ import annotations

from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

from t2l.tasks.descriptions import read_descriptions
from t2l.tasks.json_files import (
    TaskFileError,
    answers_of,
    files_below,
    object_of,
    read_json,
    short,
    text_of,
)
from t2l.tasks.source import Sample
from t2l.tasks.written import Draft


def read_function_vectors(where: Path) -> tuple[Draft, ...]:
    """The tasks below a folder.

    :raises TaskFileError: for a file that is no list of examples.
    """
    paths = files_below(where, "**/*.json", "function vectors' JSON files")
    texts = shipped_texts()
    return tuple(_read(path, texts.get(path.stem, ())) for path in paths)


def shipped_texts() -> dict[str, tuple[str, ...]]:
    """Descriptions of the published tasks, by name; we wrote them."""
    with as_file(files("t2l.tasks") / "texts" / "function_vectors.jsonl") as path:
        return {row.task: row.texts for row in read_descriptions(path)}


def _read(path: Path, texts: tuple[str, ...]) -> Draft:
    rows = read_json(path)
    if not isinstance(rows, list):
        raise TaskFileError(
            f"{path}: it must be a list of objects with input and output, got {short(rows)}"
        )
    examples = (_example(row, f"{path}, row {number}") for number, row in enumerate(rows, start=1))
    return Draft(path.stem, path.parent.name, str(path), tuple(examples), texts)


def _example(value: Any, place: str) -> Sample:
    row = object_of(value, place)
    answers = answers_of(row.get("output"), "output", place)
    return Sample(text_of(row, "input", place), answers[0], answers[1:])
