"""Tasks as JSON lines, one file a task: the layout for tasks of one's own.

    tasks/opposites.jsonl
    {"descriptions": ["Give the opposite of the word.", ...], "family": "words"}
    {"input": "hot", "output": "cold"}
    {"input": "big", "output": ["small", "little"], "part": "test"}

Rows with `descriptions` (or one `description`) may also have a `family` and a `definition`, which
may stand in a prompt. Rows with an `input` are examples; with several outputs all are right and the
first is taught. `part`, if any row has it, says which examples are never trained on. The file's
name is the task's.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from t2l.tasks.json_files import (
    TaskFileError,
    answers_of,
    files_below,
    read_lines,
    short,
    text_of,
    texts_of,
)
from t2l.tasks.source import Sample
from t2l.tasks.written import Draft

_EXAMPLE = ("input", "output", "accepted", "part")
_HEAD = ("descriptions", "description", "family", "definition")


def read_folder(where: Path) -> tuple[Draft, ...]:
    """The tasks of a folder.

    :raises TaskFileError: for a row that is neither an example nor a description.
    """
    paths = files_below(where, "*.jsonl", "one JSON-lines file a task")
    return tuple(_read(path) for path in paths)


def _read(path: Path) -> Draft:
    examples: dict[str, list[Sample]] = {"train": [], "test": []}
    texts: list[str] = []
    head: dict[str, str] = {}
    for place, row in read_lines(path):
        if "input" in row:
            _refuse_unknown(row, _EXAMPLE, place)
            part = row.get("part", "train")
            if part not in examples:
                raise TaskFileError(f"{place}: part must be train or test, got {short(part)}")
            examples[part].append(_example(row, place))
            continue
        _refuse_unknown(row, _HEAD, place)
        for key in ("descriptions", "description"):
            if key in row:
                texts += texts_of(row[key], key, place)
        head |= {key: text_of(row, key, place) for key in ("family", "definition") if key in row}
    return Draft(
        name=path.stem,
        family=head.get("family", "folder"),
        place=str(path),
        examples=tuple(examples["train"]),
        texts=tuple(texts),
        definition=head.get("definition"),
        test=tuple(examples["test"]),
    )


def _example(row: dict[str, Any], place: str) -> Sample:
    if "output" not in row:
        raise TaskFileError(f'{place}: output is missing; write {{"input": ..., "output": ...}}')
    answers = answers_of(row["output"], "output", place)
    more = texts_of(row.get("accepted", []), "accepted", place)
    return Sample(text_of(row, "input", place), answers[0], (*answers[1:], *more))


def _refuse_unknown(row: dict[str, Any], known: tuple[str, ...], place: str) -> None:
    for key in row:
        if key not in known:
            raise TaskFileError(f"{place}: {key} is no key here; there are {', '.join(known)}")
