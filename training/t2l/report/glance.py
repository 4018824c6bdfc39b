"""Everything at a glance: a line for each condition, a column for each split."""

from collections.abc import Sequence

from t2l.evaluate.results import ResultRow
from t2l.report.data import UNSEEN
from t2l.report.labels import condition_label, conditions_of
from t2l.report.markdown import counted, made_with, paragraphs, percent, table
from t2l.report.page import Page
from t2l.report.statistics import estimate


def glance_section(page: Page, splits: Sequence[str] = ()) -> str:
    """The table of means, whose intervals are in the splits' own tables.

    :param splits: the columns, where they were measured; all by default.
    """
    found = {split: page.results.split(split) for split in splits or page.splits}
    found = {split: rows for split, rows in found.items() if rows}
    if len(found) < 2:  # the split's own table says it all
        return ""
    names = conditions_of(row for rows in found.values() for row in rows)
    lines = [
        (condition_label(name), *(_mean(rows, name) for rows in found.values())) for name in names
    ]
    header = ("", *(f"{page.splits[split][0]} ({_tasks(rows)})" for split, rows in found.items()))
    return paragraphs(
        "## At a glance",
        "Exact match, with the number of tasks in brackets. The intervals are in the tables below.",
        _ungrouped(page),
        table(header, lines),
        made_with(page.commands.main),
    )


def _mean(rows: Sequence[ResultRow], condition: str) -> str:
    found = estimate(rows, condition)
    return percent(found.mean if found else None)


def _tasks(rows: Sequence[ResultRow]) -> int:
    return len({row.task for row in rows})


def _ungrouped(page: Page) -> str | None:
    """A word on tasks that were measured and are not in the world any more."""
    known = {name for names in page.results.groups.values() for name in names}
    lost = {row.task for row in page.results.split(UNSEEN)} - known
    if not known or not lost:
        return None
    return (
        f"Of the unseen tasks, {counted(len(lost), 'task')} that the world of tasks does not have "
        "any more stand in the first column alone."
    )
