"""What the fit score promises, judged on descriptions that people wrote.

Right more than six times in ten counts as done well. Intervals are of draws of tasks, all of whose
descriptions come together.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from scipy.stats import spearmanr

from t2l.export.bundle.verdicts import WELL
from t2l.report.bars import Bar, is_met
from t2l.report.data import Record
from t2l.report.markdown import count, missing, table
from t2l.report.statistics import Estimate, bootstrap

Statistic = Callable[[Sequence[Record]], float | None]


@dataclass(frozen=True)
class _Promise:
    """One bar, with what it is a share of.

    :param statistic: of some rows; None where they do not say.
    :param counted: the rows that it is about.
    """

    name: str
    required: float
    at_least: bool
    statistic: Statistic
    counted: Callable[[Record], bool]


def rank_correlation(rows: Sequence[Record]) -> float | None:
    """Spearman's of score and exact match; None where either is the same everywhere."""
    scores, matches = [row["score"] for row in rows], [row["exact_match"] for row in rows]
    if len(set(scores)) < 2 or len(set(matches)) < 2:
        return None
    found: Any = spearmanr(scores, matches)  # scipy makes its class at run time
    return float(found.statistic)


def share_done_well(verdict: str) -> Statistic:
    """How many of the rows with a verdict are done well; None without any."""

    def share(rows: Sequence[Record]) -> float | None:
        own = [row["exact_match"] > WELL for row in rows if row["verdict"] == verdict]
        return sum(own) / len(own) if own else None

    return share


PROMISES = (
    _Promise("rank correlation of score and exact match", 0.6, True, rank_correlation, bool),
    _Promise(
        "of those called good, done well",
        0.85,
        True,
        share_done_well("good"),
        lambda row: row["verdict"] == "good",
    ),
    _Promise(
        "of those called unfit, done well",
        0.10,
        False,
        share_done_well("unfit"),
        lambda row: row["verdict"] == "unfit",
    ),
)


def over_tasks(rows: Sequence[Record], statistic: Statistic) -> Estimate | None:
    """A statistic with its 95% bootstrap interval over tasks."""
    groups: dict[str, list[Record]] = {}
    for row in rows:
        groups.setdefault(row["task"], []).append(row)
    whole = statistic(rows)
    if whole is None:
        return None

    def of_groups(some: Sequence[list[Record]]) -> float:
        value = statistic([row for group in some for row in group])
        return float("nan") if value is None else value

    low, high = bootstrap(list(groups.values()), of_groups)
    return Estimate(whole, low, high, len(groups))


def promises_table(rows: Sequence[Record], command: str) -> str:
    """Every promise: what is required, what was measured, and whether it is kept.

    :param rows: descriptions of tasks that people wrote, with their exact match.
    """
    lines = []
    for promise in PROMISES:
        found = over_tasks(rows, promise.statistic)
        own = count(sum(1 for row in rows if promise.counted(row)))
        sign = "at least" if promise.at_least else "at most"
        bar = Bar(promise.name, promise.required, promise.at_least, lambda _results: None)
        measured = missing(command) if found is None else _shown(found)
        judged = "" if found is None else ("met" if is_met(bar, found) else "not met")
        lines.append((promise.name, own, f"{sign} {promise.required:.2f}", measured, judged))
    return table(("", "texts", "required", "measured (95% interval)", "judged"), lines)


def _shown(found: Estimate) -> str:
    return f"{found.mean:.2f} ({found.low:.2f} to {found.high:.2f})"
