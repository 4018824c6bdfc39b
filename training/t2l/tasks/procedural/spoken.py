"""Descriptions as people write them, one by one and by hand: what the grammars never say.

A line of `spoken/*.jsonl` is one text with the task that it asks for. Nothing trains on them: the
fit score is calibrated on one half of the tasks and reported on the other.

    task           one task of the world, whole: steps, order, separators and case
    missing_step   in t2l-mini's style, but no task of the world does it
    size           a task of the world on inputs that are longer or shorter than any in training
    other          something else altogether
"""

from collections.abc import Mapping
from dataclasses import fields
from functools import cache
from importlib.resources import files
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, TypeAdapter, ValidationError
from pydantic.dataclasses import dataclass

from t2l.config.fields import STRICT
from t2l.tasks.description_text import normalise_description

Kind = Literal["task", "missing_step", "size", "other"]
Half = Literal["calibration", "report"]

FILES = ("words", "digits", "letters", "other")  # in the order in which they are read
NAMED: tuple[Kind, ...] = ("task", "size")  # kinds that name a task of the world


class SpokenError(ValueError):
    """A line that cannot be used; the message says which and why."""


def _canonical(text: Any) -> str:
    canonical = normalise_description(text)
    if canonical != text:
        raise ValueError(f"text is not in the canonical form {canonical!r}")
    return canonical


@dataclass(frozen=True, config=STRICT)
class Spoken:
    """One text.

    :param text: what somebody wrote, in the canonical form of descriptions.
    :param task: the name of the task that it asks for; None if no task here does that.
    :param kind: see above.
    :param split: the half that its task belongs to.
    """

    text: Annotated[str, BeforeValidator(_canonical)]
    task: str | None
    kind: Kind
    split: Half

    def __post_init__(self) -> None:
        if (self.kind in NAMED) != (self.task is not None):
            needed = "the name of a task" if self.kind in NAMED else "null"
            raise ValueError(f"task must be {needed} for kind {self.kind}, is {self.task!r}")


_ROW = TypeAdapter(Spoken)


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
        return _ROW.validate_json(line)
    except ValidationError as error:
        said = "; ".join(_sentence(item) for item in error.errors())
        raise SpokenError(f"{place}: {said}") from None


def _sentence(item: Mapping[str, Any]) -> str:
    key = ".".join(map(str, item["loc"])) or "the line"
    match item["type"]:
        case "value_error":
            return str(item["ctx"]["error"])
        case "literal_error":
            return f"{key} must be one of {item['ctx']['expected']}, is {item['input']!r}"
        case "missing" | "unexpected_keyword_argument":
            wanted = ", ".join(field.name for field in fields(Spoken))
            return f"{key}: the line must have exactly the keys {wanted}"
        case _:
            return f"{key}: {item['msg']}"
