"""Results as JSON lines: one row a task, appended as soon as it is measured, never rewritten."""

import json
import random
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, TypeVar

from t2l.config.errors import Refusal

BOOTSTRAP_DRAWS = 2000
STUDY_LOSSES = "study_losses.jsonl"


_Row = TypeVar("_Row")


class ResultsError(Refusal):
    """A results file that is damaged; the message names the line."""


@dataclass(frozen=True)
class ResultRow:
    """What some conditions reach on one task.

    :param study: what the run belongs to: `main`, or an ablation's name.
    :param variant: the run inside the study.
    :param train_seed: of the hypernetwork; -1 for conditions without one.
    :param sampling_seed: of samples and descriptions.
    :param split: `report`, `selection`, `left_out` or `seen` (training tasks).
    :param task: its name.
    :param family: its shape.
    :param samples: how many questions.
    :param exact_match: condition -> share of right answers, 0 to 1.
    :param rouge_l: condition -> mean ROUGE-L, 0 to 1, where answers were written.
    """

    study: str
    variant: str
    train_seed: int
    sampling_seed: int
    split: str
    task: str
    family: str
    samples: int
    exact_match: dict[str, float]
    rouge_l: dict[str, float] = field(default_factory=dict)

    @property
    def key(self) -> tuple[str, str, int, int, str, str]:
        """What tells rows apart; conditions of one key may be spread over several rows."""
        return (
            self.study,
            self.variant,
            self.train_seed,
            self.sampling_seed,
            self.split,
            self.task,
        )


@dataclass(frozen=True)
class LossRow:
    """How likely the right answers of one task are under some conditions.

    :param study: what the run belongs to.
    :param variant: the run inside the study.
    :param train_seed: of the hypernetwork.
    :param sampling_seed: of samples and descriptions.
    :param task: its name.
    :param tokens: of all right answers.
    :param loss: condition -> cross-entropy, nats a token.
    """

    study: str
    variant: str
    train_seed: int
    sampling_seed: int
    task: str
    tokens: int
    loss: dict[str, float]


def append_rows(path: Path, rows: Iterable[ResultRow]) -> None:
    """Add rows at the end of a file."""
    _drop_cut_line(path)
    with path.open("a", encoding="utf-8") as file:
        for row in rows:
            values = asdict(row)
            if not row.rouge_l:
                del values["rouge_l"]
            file.write(json.dumps(values, separators=(",", ":")) + "\n")


def _drop_cut_line(path: Path) -> None:
    """Make a file ready to be added to: what a kill left of a last line goes."""
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists():
        content = path.read_bytes()
        whole = content.rfind(b"\n") + 1
        if whole < len(content):
            with path.open("r+b") as file:
                file.truncate(whole)


def append_json(path: Path, row: Mapping[str, object]) -> None:
    """Add one object at the end of a JSON-lines file, unless it is there already."""
    text = json.dumps(row, separators=(",", ":"))
    _drop_cut_line(path)
    if not path.exists() or text not in path.read_text(encoding="utf-8").splitlines():
        with path.open("a", encoding="utf-8") as file:
            file.write(text + "\n")


def read_json(path: Path) -> tuple[dict[str, Any], ...]:
    """All objects of a file; none if there is no file. A last line cut by a kill is left out.

    :raises ResultsError: for a line that is no object, naming it.
    """
    if not path.exists():
        return ()
    lines = path.read_text(encoding="utf-8").split("\n")
    return tuple(
        _object_of(line, path, number) for number, line in enumerate(lines[:-1], 1) if line
    )


def _object_of(line: str, path: Path, number: int) -> dict[str, Any]:
    try:
        found = json.loads(line)
    except json.JSONDecodeError as error:
        raise ResultsError(f"{path}:{number}: no JSON: remove the line, or the file") from error
    if not isinstance(found, dict):
        raise ResultsError(f"{path}:{number}: no object: remove the line, or the file")
    return found


def _row_of(make: Callable[..., _Row], values: dict[str, Any], path: Path) -> _Row:
    try:
        return make(**values)
    except TypeError as error:
        what = str(error).partition(" ")[2]
        raise ResultsError(f"{path}: a row that another version wrote: {what}") from error


def read_rows(path: Path) -> list[ResultRow]:
    """All rows of a file, as `read_json` reads it."""
    return [_row_of(ResultRow, row, path) for row in read_json(path)]


def append_losses(path: Path, rows: Iterable[LossRow]) -> None:
    """Add rows at the end of a file."""
    for row in rows:
        append_json(path, asdict(row))


def read_losses(path: Path) -> tuple[LossRow, ...]:
    """All rows of a file, as `read_json` reads it."""
    return tuple(_row_of(LossRow, row, path) for row in read_json(path))


def merged(rows: Iterable[ResultRow]) -> dict[tuple[str, str, int, int, str, str], ResultRow]:
    """Rows by key, the conditions of equal keys put together."""
    found: dict[tuple[str, str, int, int, str, str], ResultRow] = {}
    for row in rows:
        old = found.get(row.key)
        if old is not None:
            scores, shares = old.exact_match | row.exact_match, old.rouge_l | row.rouge_l
            row = replace(row, exact_match=scores, rouge_l=shares)
        found[row.key] = row
    return found


def interval(values: Sequence[float], seed: int = 0) -> tuple[float, float]:
    """95% bootstrap interval of a mean; the values are one a task."""
    rng = random.Random(f"bootstrap|{seed}")
    means = sorted(sum(rng.choices(values, k=len(values))) for _ in range(BOOTSTRAP_DRAWS))
    low, high = round(0.025 * BOOTSTRAP_DRAWS), round(0.975 * BOOTSTRAP_DRAWS) - 1
    return means[low] / len(values), means[high] / len(values)


def by_task(rows: Iterable[ResultRow], condition: str) -> dict[str, float]:
    """Mean over seeds of one condition for every task that has it, tasks in order of appearance."""
    values: dict[str, list[float]] = {}
    for row in rows:
        if condition in row.exact_match:
            values.setdefault(row.task, []).append(row.exact_match[condition])
    return {task: sum(found) / len(found) for task, found in values.items()}


def summarise(rows: Sequence[ResultRow]) -> dict[str, dict[str, float | list[float]]]:
    """Mean exact match of every condition with its interval over tasks, rounded to four places."""
    names = dict.fromkeys(name for row in rows for name in row.exact_match)
    summary: dict[str, dict[str, float | list[float]]] = {}
    for name in names:
        values = list(by_task(rows, name).values())
        summary[name] = {
            "exact_match": round(sum(values) / len(values), 6),
            "interval": [round(edge, 6) for edge in interval(values)],
        }
    return summary
