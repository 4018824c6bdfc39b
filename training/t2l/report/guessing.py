"""Label schemes against guessing: a task with two labels is half right without being understood.

    classify/sentiment=up|down    two labels: guessing answers 50% of the questions

Guessing is picking one of the labels at random, which presumes that the labels are known; the base
model has to read them from somewhere, so it can do worse.
"""

from collections.abc import Sequence

from t2l.evaluate.results import ResultRow, by_task
from t2l.report.labels import condition_label
from t2l.report.markdown import (
    count,
    made_with,
    paragraphs,
    percent,
    percent_interval,
    points_interval,
    table,
)
from t2l.report.page import Page
from t2l.report.statistics import Estimate, estimate, of_values

FAMILY = "classify"
SPLITS = ("labels", "whole")  # the groups that have such tasks
SHOWN = ("zero_shot", "five_shot", "multi_task", "shuffled")  # beside the description's adapter


def labels_of(task: str) -> tuple[str, ...]:
    """The labels of a task of classification, from its name; none for other tasks."""
    family, _, rest = task.partition("/")
    _, found, labels = rest.partition("=")
    return tuple(labels.split("|")) if family == FAMILY and found else ()


def guess(task: str) -> float | None:
    """What guessing gets of a task, None for one without labels."""
    labels = labels_of(task)
    return 1 / len(labels) if labels else None


def above_guessing(rows: Sequence[ResultRow], condition: str) -> Estimate | None:
    """How far a condition is above guessing, over the tasks that have labels."""
    found = by_task(rows, condition)
    gaps = [value - chance for task, value in found.items() if (chance := guess(task)) is not None]
    return of_values(gaps)


def guessing_section(page: Page) -> str:
    """A line for every group and number of labels, and one for the group as a whole."""
    labelled = {
        split: [row for row in page.results.split(split) if labels_of(row.task)] for split in SPLITS
    }
    every = [row for rows in labelled.values() for row in rows]
    if not every:
        return ""
    shown = [name for name in SHOWN if any(name in row.exact_match for row in every)]
    lines = []
    for split, rows in labelled.items():
        sizes = sorted({len(labels_of(row.task)) for row in rows})
        title = page.splits[split][0]
        for size in sizes:
            own = [row for row in rows if len(labels_of(row.task)) == size]
            lines.append(_line(f"{title}, {size} labels", own, shown))
        if len(sizes) > 1:
            lines.append(_line(title, rows, shown))
    header = (
        "",
        "tasks",
        "guessing",
        condition_label("matched"),
        "above guessing, points (95% interval)",
        *(condition_label(name) for name in shown),
    )
    return paragraphs(
        "## Label schemes against guessing",
        "Guessing picks one of the labels that the description names. Without the description "
        "nothing says what the labels are.",
        table(header, lines),
        made_with(page.commands.main),
    )


def _line(title: str, rows: Sequence[ResultRow], shown: Sequence[str]) -> tuple[str, ...]:
    chances = {row.task: guess(row.task) or 0.0 for row in rows}
    return (
        title,
        count(len(chances)),
        percent(sum(chances.values()) / len(chances)),
        percent_interval(estimate(rows, "matched")),
        points_interval(above_guessing(rows, "matched")),
        *(percent_interval(estimate(rows, name)) for name in shown),
    )
