"""Reads the tables of words: rows of an input, its answer, and other answers that are right too.

    words/<book>.yaml     capital: {France: Paris, Ukraine: [Kyiv, Kiev]}
    table(book, name)     (("France", "Paris"), ("Ukraine", "Kyiv", "Kiev"))

A table may have several columns of answers: `columns` names them, `rows` holds a list for each
input. A column with no answer for an input (`~`) has no row for it.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from t2l.tasks.language.vocabulary import read_words

Row = tuple[str, ...]


def table(book: str, name: str, column: str | None = None) -> tuple[Row, ...]:
    """The rows of a table, in their order.

    :param column: which answers to take, of a table that has several columns.
    :raises KeyError: if there is no such table.
    :raises ValueError: if there is no such column, or a row cannot be read.
    """
    content = read_words(book)[name]
    place = f"{book}.yaml, {name}"
    if column is None:
        found = content.items()
    else:
        found = _column(content, column, place)
    return tuple(_row(key, answers, place) for key, answers in found if answers is not None)


def inverse(rows: Iterable[Row]) -> tuple[Row, ...]:
    """Rows from each taught answer to its inputs, in the order in which answers first appear."""
    found: dict[str, list[str]] = {}
    for row in rows:
        found.setdefault(row[1], []).append(row[0])
    return tuple((answer, *inputs) for answer, inputs in found.items())


def _column(content: dict[str, Any], column: str, place: str) -> Iterable[tuple[str, Any]]:
    columns = content["columns"]
    if column not in columns:
        raise ValueError(f"{place}: no column {column!r} in {columns}")
    for key, answers in content["rows"].items():
        if len(answers) != len(columns):
            raise ValueError(f"{place}, {key}: {len(answers)} answers for {len(columns)} columns")
        yield key, answers[columns.index(column)]


def _row(key: str, answers: str | list[str], place: str) -> Row:
    row = (key, *([answers] if isinstance(answers, str) else answers))
    if len(row) < 2 or not all(isinstance(part, str) for part in row):
        raise ValueError(f"{place}: {row} is not text; put yes, no and numbers in quotes")
    if len(set(row[1:])) < len(row) - 1:
        raise ValueError(f"{place}: {row} says something twice")
    return row
