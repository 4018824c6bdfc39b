"""What the rows of a run say: every benchmark under every condition, and what a description brings.

A difference is taken question by question; its interval is a bootstrap over questions, and that of
the mean over benchmarks, as in `evaluate/results.py`.
"""

from __future__ import annotations

from collections.abc import Sequence

from t2l.evaluate.results import interval
from t2l.harness.conditions import CONDITIONS
from t2l.harness.rows import HarnessRow, Settings, hits_of

OURS = "matched"


def summary(rows: Sequence[HarnessRow]) -> str:
    """The report of one run's rows, as text.

    :param rows: at least one, all with the same settings.
    """
    benchmarks = tuple(dict.fromkeys(row.benchmark for row in rows))
    present = {row.condition for row in rows}
    conditions = tuple(name for name in CONDITIONS if name in present)
    hits = {
        (benchmark, condition): hits_of(some)
        for benchmark in benchmarks
        for condition in conditions
        if (some := [r for r in rows if (r.benchmark, r.condition) == (benchmark, condition)])
    }
    metrics = {row.benchmark: row.metric for row in rows}
    table = [["benchmark", "metric", "questions", *conditions]]
    for benchmark in benchmarks:
        scores = [_share(hits.get((benchmark, name))) for name in conditions]
        count = len(next(iter(v for (one, _), v in hits.items() if one == benchmark)))
        table.append([benchmark, metrics[benchmark], str(count), *scores])
    means = [
        _number(_mean([_mean(hits[one, name]) for one in benchmarks if (one, name) in hits]))
        for name in conditions
    ]
    table.append(["mean", "", "", *means])
    parts = [heading(rows[0].settings), *_lines(table)]
    for other in conditions:
        if OURS in conditions and other != OURS:
            parts += ["", f"{OURS} minus {other}", *_lines(_differences(hits, benchmarks, other))]
    return "\n".join(parts)


def heading(settings: Settings) -> str:
    """What was measured, in two lines."""
    chat = "no chat template" if settings.chat_template is None else "its chat template"
    shots = "each task's own shots" if settings.shots is None else f"{settings.shots} shots"
    few = "" if settings.limit is None else f", at most {settings.limit} questions"
    return (
        f"{settings.hypernet} ({settings.precision}, {settings.network[:12]}) on "
        f"{settings.base_model} ({settings.dtype})\n"
        f"suite {settings.suite}, {settings.harness}, {chat}, {shots}, seed {settings.seed}{few}\n"
    )


def _differences(
    hits: dict[tuple[str, str], list[float]], benchmarks: Sequence[str], other: str
) -> list[list[str]]:
    table, means = [], []
    for benchmark in benchmarks:
        ours, theirs = hits.get((benchmark, OURS)), hits.get((benchmark, other))
        if ours is None or theirs is None:
            continue
        if len(ours) != len(theirs):
            raise ValueError(f"rows of {benchmark} have different numbers of questions")
        values = [one - two for one, two in zip(ours, theirs, strict=True)]
        means.append(_mean(values))
        table.append([f"  {benchmark}", *_with_interval(values)])
    return [*table, ["  mean", *_with_interval(means)]] if means else table


def _with_interval(values: Sequence[float]) -> list[str]:
    low, high = interval(values)
    return [f"{_mean(values):+.3f}", f"({low:+.3f} to {high:+.3f})"]


def _share(values: Sequence[float] | None) -> str:
    return "-" if values is None else _number(_mean(values))


def _number(value: float) -> str:
    return f"{value:.3f}"


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)


def _lines(table: Sequence[Sequence[str]]) -> list[str]:
    """Rows with columns as wide as their longest cell, the first to the left."""
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    return [
        "  ".join(
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in table
    ]
