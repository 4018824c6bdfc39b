"""Exact match by task family, where the mean over all tasks hides what is easy and what is not."""

from t2l.report import commands
from t2l.report.data import Results
from t2l.report.labels import CONDITIONS, SPLITS
from t2l.report.markdown import count, made_with, missing, paragraphs, percent_interval, table
from t2l.report.statistics import estimate

SHOWN = ("zero_shot", "three_shot", "matched", "shuffled", "oracle")
SPLITS_SHOWN = ("report", "left_out")


def families_section(results: Results) -> str:
    """A table of families for every split that is about unseen tasks."""
    parts = ["## Families", "A family is a domain with the kinds of a task's steps, in order."]
    for split in SPLITS_SHOWN:
        parts.append(f"### {SPLITS[split][0]}")
        parts.append(_table(results, split))
    return paragraphs(*parts)


def _table(results: Results, split: str) -> str:
    rows = results.split(split)
    if not rows:
        return missing(commands.MAIN)
    shown = [name for name in SHOWN if any(name in row.exact_match for row in rows)]
    lines = []
    for family in sorted({row.family for row in rows}):
        own = [row for row in rows if row.family == family]
        values = [percent_interval(estimate(own, name)) for name in shown]
        lines.append((f"`{family}`", count(len({row.task for row in own})), *values))
    header = ("family", "tasks", *(CONDITIONS[name] for name in shown))
    return paragraphs(table(header, lines), made_with(commands.MAIN))
