"""Descriptions as people write them, one by one and by hand: what the grammars never say.

A line of `spoken/*.jsonl` is one text with the task that it asks for. Nothing trains on them: the
fit score is calibrated on one half of the tasks and reported on the other.

    task           one task of the world, whole: steps, order, separators and case
    missing_step   in t2l-mini's style, but no task of the world does it
    size           a task of the world on inputs that are longer or shorter than any in training
    other          something else altogether
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache
from importlib.resources import files
from typing import Any, Literal, get_args

from t2l.tasks.description_text import normalise_description

Kind = Literal["task", "missing_step", "size", "other"]
Half = Literal["calibration", "report"]

FILES = ("words", "digits", "letters", "other")  # in the order in which they are read
NAMED: tuple[Kind, ...] = ("task", "size")  # kinds that name a task of the world


class SpokenError(ValueError):
    """A line that cannot be used; the message says which and why."""


@dataclass(frozen=True)
class Spoken:
    """One text.

    :param text: what somebody wrote, in the canonical form of descriptions.
    :param task: the name of the task that it asks for; None if no task here does that.
    :param kind: see above.
    :param split: the half that its task belongs to.
    """

    text: str
    task: str | None
    kind: Kind
    split: Half


@cache
def spoken(split: Half | None = None) -> tuple[Spoken, ...]:
    """Every text, file by file.

    :param split: one half of them; None gives both.
    :raises SpokenError: for a line that is not as it should be.
    """
    folder = files("t2l.tasks.procedural") / "spoken"
    rows = [
        row
        for name in FILES
        for row in read_spoken(
            (folder / f"{name}.jsonl").read_text(encoding="utf-8"), f"{name}.jsonl"
        )
    ]
    return tuple(row for row in rows if split in (None, row.split))


def read_spoken(text: str, place: str) -> tuple[Spoken, ...]:
    """The texts of one file.

    :param place: what the file is called in messages.
    :raises SpokenError: for a line that is not as it should be.
    """
    lines = enumerate(text.splitlines(), start=1)
    return tuple(_row(line, f"{place}, line {number}") for number, line in lines)


def _row(line: str, place: str) -> Spoken:
    try:
        document = json.loads(line)
    except json.JSONDecodeError as error:
        raise SpokenError(f"{place}: no JSON: {error}") from None
    if not isinstance(document, dict):
        raise SpokenError(f"{place}: must be an object")
    wanted = [field.name for field in fields(Spoken)]
    if sorted(document) != sorted(wanted):
        raise SpokenError(
            f"{place}: must have exactly the keys {', '.join(wanted)}, has "
            f"{', '.join(sorted(document)) or 'none'}"
        )
    kind = _one_of(document, "kind", get_args(Kind), place)
    task = document["task"]
    if (kind in NAMED) != isinstance(task, str) or not (task is None or isinstance(task, str)):
        needed = "the name of a task" if kind in NAMED else "null"
        raise SpokenError(f"{place}: task must be {needed} for kind {kind}, is {task!r}")
    split = _one_of(document, "split", get_args(Half), place)
    return Spoken(_text(document["text"], place), task, kind, split)


def _one_of(document: Mapping[str, Any], key: str, allowed: tuple[Any, ...], place: str) -> Any:
    value = document[key]
    if value not in allowed:
        raise SpokenError(f"{place}: {key} must be one of {', '.join(allowed)}, is {value!r}")
    return value


def _text(value: object, place: str) -> str:
    try:
        text = normalise_description(value)  # type: ignore[arg-type]  # it refuses other types
    except ValueError as error:
        raise SpokenError(f"{place}: {error}") from None
    if text != value:
        raise SpokenError(f"{place}: text is not in the canonical form {text!r}")
    return text
