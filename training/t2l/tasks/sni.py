"""Natural Instructions, versions 1 and 2: one JSON file a task.

    v1  {"Prompt": "...", "Definition": "...", "Instances": [{"input": "...", "output": ["..."]}]}
    v2  {"Definition": ["..."], "Categories": [...], "Instances": [{"input", "output": ["..."]}]}

The definition (and the prompt of version 1) is what the files have for descriptions: too few to be
split by wording, so name more as `tasks.texts` to train on them. All outputs of an instance are
right.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from t2l.tasks.json_files import (
    TaskFileError,
    answers_of,
    files_below,
    object_of,
    read_json,
    short,
    text_of,
    texts_of,
)
from t2l.tasks.source import Sample
from t2l.tasks.written import Draft

FAMILY = "natural instructions"  # of tasks without a category
WANTED = (
    "Natural Instructions' JSON files, as `git clone "
    "https://github.com/allenai/natural-instructions` has in its folder tasks"
)


def read_sni(where: Path) -> tuple[Draft, ...]:
    """The tasks of a folder of either version.

    :raises TaskFileError: for a file without definition or instances, or a wrong instance.
    """
    paths = files_below(where, "*.json", WANTED)
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> Draft:
    task = object_of(read_json(path), str(path))
    for key in ("Definition", "Instances"):
        if key not in task:
            raise TaskFileError(
                f"{path}: {key} is missing; such a file has Definition and Instances"
            )
    texts = texts_of(task["Definition"], "Definition", str(path))
    if not texts:
        raise TaskFileError(f"{path}: Definition has no text; give at least one")
    definition = texts[0]
    if "Prompt" in task:
        texts = (*texts, text_of(task, "Prompt", str(path)))
    instances = task["Instances"]
    if not isinstance(instances, list):
        raise TaskFileError(f"{path}: Instances must be a list, got {short(instances)}")
    return Draft(
        name=path.stem,
        family=_family(task),
        place=str(path),
        examples=tuple(
            _example(row, f"{path}, row {number}") for number, row in enumerate(instances, start=1)
        ),
        texts=texts,
        definition=definition,
    )


def _family(task: dict[str, Any]) -> str:
    categories = task.get("Categories")
    if isinstance(categories, list) and categories and isinstance(categories[0], str):
        return categories[0]
    return FAMILY


def _example(value: Any, place: str) -> Sample:
    row = object_of(value, place)
    if "output" not in row:
        raise TaskFileError(f"{place}: output is missing; it must be a list of right answers")
    answers = answers_of(row["output"], "output", place)
    return Sample(text_of(row, "input", place), answers[0], answers[1:])
