"""Results as JSON lines: one row a scoring, with everything that decides it, appended at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from t2l.evaluate.results import append_json, read_json


@dataclass(frozen=True)
class Settings:
    """What the rows of a run have in common.

    :param hypernet: name and version of the bundle.
    :param network: the digest of its manifest.
    :param precision: of its graph.
    :param base_model: what adapters say they are for.
    :param base_weights: hex digest of the weights that were asked.
    :param dtype: of those weights.
    :param harness: the library and its version.
    :param chat_template: sha256 of the chat template that was used, None for none.
    :param shots: examples before a question, None for as many as each task wants.
    :param limit: most questions of a benchmark, None for all.
    :param seed: of the controls' texts and of everything that the harness draws.
    """

    suite: str
    hypernet: str
    network: str
    precision: str
    base_model: str
    base_weights: str
    dtype: str
    harness: str
    chat_template: str | None
    shots: int | None
    limit: int | None
    seed: int


@dataclass(frozen=True)
class HarnessRow:
    """One benchmark under one condition.

    :param task: what the harness calls it.
    :param text: what the adapter was made of, None for none.
    :param adapter: sha256 of its weights file, None for the plain base model.
    :param questions: sha256 of the questions, which tells whether two rows can be compared.
    :param score: share of right answers.
    :param hits: a digit a question, in order: whether its answer was right.
    """

    settings: Settings
    benchmark: str
    task: str
    metric: str
    condition: str
    draw: int
    text: str | None
    adapter: str | None
    questions: str
    score: float
    hits: str

    def to_json(self) -> dict[str, object]:
        """The row, flat."""
        values = asdict(self)
        return {**values.pop("settings"), **values}


def row_key(row: Mapping[str, object]) -> tuple[object, ...]:
    """What tells rows apart, before they are measured."""
    names = ("benchmark", "task", "metric", "condition", "draw", "text")
    return tuple(row[name] for name in (*Settings.__dataclass_fields__, *names))


def read_rows(path: Path, settings: Settings) -> dict[tuple[object, ...], HarnessRow]:
    """The rows of a file that were measured with some settings, by key."""
    found = {}
    for values in read_json(path):
        own = {name: values.pop(name, None) for name in Settings.__dataclass_fields__}
        if own == asdict(settings):
            row = HarnessRow(settings, **values)
            found[row_key(row.to_json())] = row
    return found


def append_row(path: Path, row: HarnessRow) -> None:
    """Add a row at the end of a file."""
    append_json(path, row.to_json())


def hits_of(rows: Sequence[HarnessRow]) -> list[float]:
    """The share of rows that answered each question rightly.

    :raises ValueError: for rows of different questions.
    """
    if len({row.questions for row in rows}) > 1:
        raise ValueError(
            f"rows of {rows[0].benchmark} are of different questions, so they cannot be compared: "
            "its data have changed since; measure into another file"
        )
    digits = zip(*(row.hits for row in rows), strict=True)
    return [sum(map(int, some)) / len(rows) for some in digits]
