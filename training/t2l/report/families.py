"""Exact match by task family, where the mean over all tasks hides what is easy and what is not."""

from collections.abc import Sequence

from t2l.report.labels import CONDITIONS
from t2l.report.markdown import count, made_with, paragraphs, percent_interval, table
from t2l.report.page import Page
from t2l.report.statistics import estimate


def families_section(
    page: Page, text: str, conditions: Sequence[str], splits: Sequence[str] = ()
) -> str:
    """A table of families for every split.

    :param text: what a family is.
    :param conditions: the columns, where they were measured.
    :param splits: those that are shown.
    """
    tables = [_table(page, split, conditions) for split in splits]
    return paragraphs("## Families", text, *tables) if any(tables) else ""


def _table(page: Page, split: str, conditions: Sequence[str]) -> str:
    rows, head = page.results.split(split), f"### {page.splits[split][0]}"
    if not rows:
        return page.absent(page.commands.main, head)
    shown = [name for name in conditions if any(name in row.exact_match for row in rows)]
    lines = []
    for family in sorted({row.family for row in rows}):
        own = [row for row in rows if row.family == family]
        values = [percent_interval(estimate(own, name)) for name in shown]
        lines.append((f"`{family}`", count(len({row.task for row in own})), *values))
    header = ("family", "tasks", *(CONDITIONS[name] for name in shown))
    return paragraphs(head, table(header, lines), made_with(page.commands.main))
