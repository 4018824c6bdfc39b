"""Files of task descriptions: JSON lines, plain or gzipped, one task a line.

    {"task": "gsm8k", "descriptions": ["Solve the word problem step by step.", ...]}

A line may have one `description` in place of the list, and may have other fields. Texts come out
normalised, as every encoder is to read them.
"""

from __future__ import annotations

import gzip
import json
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from t2l.tasks.description_text import normalise_description

GZIP_MAGIC = b"\x1f\x8b"


class DescriptionsError(ValueError):
    """A file of descriptions that cannot be used; the message names file, line and cure."""


@dataclass(frozen=True)
class TaskDescriptions:
    """What one task is called and how it may be described."""

    task: str
    texts: tuple[str, ...]


def read_descriptions(path: Path) -> tuple[TaskDescriptions, ...]:
    """Read a file of descriptions; tasks that come more than once are joined, in their order.

    :raises DescriptionsError: for a file or line that is not as the header of this file says.
    """
    path = Path(path)
    texts: dict[str, list[str]] = {}
    for number, line in enumerate(_lines(path), start=1):
        if not line.strip():
            continue
        task, found = _row(line, f"{path}, line {number}")
        texts.setdefault(task, []).extend(found)
    if not texts:
        raise DescriptionsError(f"{path} has no descriptions; give one task a line, as JSON")
    return tuple(TaskDescriptions(task, tuple(found)) for task, found in texts.items())


def _lines(path: Path) -> Iterator[str]:
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DescriptionsError(f"{path} cannot be read: {error}") from error
    try:
        if data.startswith(GZIP_MAGIC):
            data = gzip.decompress(data)
        # not splitlines: JSON texts may hold U+2028 and its like as they are
        yield from data.decode("utf-8").split("\n")
    except (EOFError, OSError, zlib.error, UnicodeDecodeError) as error:
        raise DescriptionsError(f"{path} is damaged, or not UTF-8 text: {error}") from error


def _row(line: str, place: str) -> tuple[str, list[str]]:
    form = '{"task": "name", "descriptions": ["text", ...]}'
    try:
        row = json.loads(line)
    except ValueError as error:
        raise DescriptionsError(f"{place}: not JSON ({error}); write {form}") from error
    if not isinstance(row, dict) or not isinstance(row.get("task"), str) or not row["task"]:
        raise DescriptionsError(f"{place}: there is no task; write {form}")
    texts = row.get("descriptions", [row.get("description")])
    if not isinstance(texts, list) or not texts:
        raise DescriptionsError(f"{place}: descriptions must be a list of texts; write {form}")
    return row["task"], [_text(text, place) for text in texts]


def _text(text: object, place: str) -> str:
    if not isinstance(text, str) or not text.strip():
        raise DescriptionsError(f"{place}: a description must be a text, got {text!r}")
    try:
        return normalise_description(text)
    except ValueError as error:
        raise DescriptionsError(f"{place}: {error}") from error
