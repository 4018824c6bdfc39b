"""What is left of tasks that are done well at other strengths, and on inputs of other sizes."""

from collections.abc import Sequence

from t2l.report.data import Record, distinct
from t2l.report.markdown import ABSENT, count, made_with, paragraphs, percent_interval, table
from t2l.report.statistics import of_values


def levels_part(records: Sequence[Record], command: str) -> str:
    """Both tables; nothing of what was not measured."""
    parts = []
    strengths = [row for row in records if row["what"] == "strength"]
    sizes = [row for row in records if row["what"] == "size"]
    if strengths:
        parts += [
            "The score is for strength 1. At another one it is multiplied by what is left "
            "of tasks that are done well, on the same questions:",
            _strengths(strengths),
            made_with(command),
        ]
    if sizes:
        parts += [
            "No score sees how long an input will be. The same tasks by the number of items in "
            "theirs (letters, for strings), sizes of training in bold. No question here has an "
            "answer longer than training's, so fewer tasks are left on long inputs:",
            _sizes(sizes),
            made_with(command),
        ]
    return paragraphs(*parts)


def _strengths(rows: Sequence[Record]) -> str:
    levels = sorted({row["level"] for row in rows})
    whole = sum(row["exact_match"] for row in rows if row["level"] == 1)
    lines = []
    for level in levels:
        own = [row["exact_match"] for row in rows if row["level"] == level]
        left = f"{sum(own) / whole:.2f}" if whole else ABSENT
        lines.append((f"{level:g}", count(len(own)), percent_interval(of_values(own)), left))
    return table(("strength", "tasks", "exact match (95% interval)", "of that at 1"), lines)


def _sizes(rows: Sequence[Record]) -> str:
    domains = distinct(row["task"].split("/")[0] for row in rows)
    lines = []
    for level in sorted({row["level"] for row in rows}):
        cells = []
        for domain in domains:
            own = [
                row for row in rows if row["level"] == level and row["task"].split("/")[0] == domain
            ]
            found = of_values(row["exact_match"] for row in own)
            text = f"{percent_interval(found)}, {len(own)} tasks" if own else ABSENT
            known = bool(own) and all(row["trained"] for row in own)
            cells.append(f"**{text}**" if known else text)
        lines.append((f"{level:g}", *cells))
    return table(("items", *domains), lines)
