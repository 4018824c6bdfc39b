"""Reads files of tasks that others wrote, with messages that name file, row and remedy.

Nothing here knows a layout: it reads JSON and JSON lines, and texts and answers out of them.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from t2l.config.errors import ConfigError


class TaskFileError(ConfigError):
    """A file of tasks that cannot be used; the message names file, row and remedy."""


def files_below(folder: Path, pattern: str, what: str) -> list[Path]:
    """The files of a folder that fit a pattern, in the order of their names.

    :param what: what should be there, for the message.
    :raises TaskFileError: if there is no such folder, or none in it.
    """
    if not folder.is_dir():
        raise TaskFileError(f"{folder}: no such folder; tasks.where must name one with {what}")
    found = sorted(path for path in folder.glob(pattern) if path.is_file())
    if not found:
        raise TaskFileError(f"{folder}: there is no {pattern} in it; put {what} there")
    return found


def read_text(path: Path) -> str:
    """A whole file.

    :raises TaskFileError: if it cannot be read or is not UTF-8.
    """
    try:
        return path.read_text(encoding="utf-8-sig")
    except OSError as error:
        raise TaskFileError(f"{path} cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise TaskFileError(f"{path} is not UTF-8 text ({error}); save it as UTF-8") from error


def read_json(path: Path) -> Any:
    """The value of a JSON file.

    :raises TaskFileError: if it is none.
    """
    try:
        return json.loads(read_text(path))
    except (ValueError, RecursionError) as error:
        if isinstance(error, TaskFileError):
            raise
        raise TaskFileError(f"{path} is not JSON: {error}") from error


def read_lines(path: Path) -> Iterator[tuple[str, dict[str, Any]]]:
    """The objects of a JSON-lines file, each with its place for messages; empty lines are skipped.

    :raises TaskFileError: for a line that is no object.
    """
    # not splitlines: JSON texts may hold U+2028 and its like as they are
    for number, line in enumerate(read_text(path).split("\n"), start=1):
        if not line.strip():
            continue
        place = f"{path}, row {number}"
        try:
            row = json.loads(line)
        except (ValueError, RecursionError) as error:
            raise TaskFileError(f"{place}: not JSON ({error}); write one object a line") from error
        yield place, object_of(row, place)


def object_of(value: Any, place: str) -> dict[str, Any]:
    """A JSON object.

    :raises TaskFileError: for anything else.
    """
    if not isinstance(value, dict):
        raise TaskFileError(f"{place}: it must be an object, got {short(value)}")
    return value


def text_of(row: dict[str, Any], key: str, place: str) -> str:
    """A text of an object, trimmed; numbers are written out, and true and false in lower case.

    :raises TaskFileError: if it is missing, empty or something else.
    """
    if key not in row:
        raise TaskFileError(f"{place}: {key} is missing; there are {', '.join(row) or 'no keys'}")
    return _text(row[key], key, place)


def answers_of(value: Any, key: str, place: str) -> tuple[str, ...]:
    """Right answers: one text, or a list of them whose first is taught; repeats are dropped.

    :raises TaskFileError: if there is none.
    """
    values = value if isinstance(value, list) else [value]
    if not values:
        raise TaskFileError(f"{place}: {key} has no answer; give at least one text")
    return tuple(dict.fromkeys(_text(one, key, place) for one in values))


def texts_of(value: Any, key: str, place: str) -> tuple[str, ...]:
    """Some texts, of one text or a list.

    :raises TaskFileError: if one of them is none.
    """
    values = value if isinstance(value, list) else [value]
    return tuple(_text(one, key, place) for one in values)


def short(value: Any) -> str:
    """A value for a message."""
    text = json.dumps(value, ensure_ascii=False, default=str)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _text(value: Any, key: str, place: str) -> str:
    if isinstance(value, bool | int | float):
        value = json.dumps(value)
    if not isinstance(value, str) or not value.strip():
        raise TaskFileError(f"{place}: {key} must be a text that is not empty, got {short(value)}")
    return value.strip()
