"""The strength curve: the description's adapter scaled up and down before it is applied."""

from collections.abc import Sequence

from t2l.evaluate.results import ResultRow
from t2l.report.figures import EXACT_MATCH, Series, lines
from t2l.report.labels import STRENGTH
from t2l.report.markdown import (
    ABSENT,
    made_with,
    paragraphs,
    percent_interval,
    table,
)
from t2l.report.page import Page
from t2l.report.statistics import Estimate, estimate

NAME = "strength"
NEUTRAL = {0.0: "zero_shot", 1.0: "matched"}  # strengths that are measured under another name


def strength_section(page: Page, splits: Sequence[str] = ()) -> str:
    """Curve and table over the splits whose strengths were measured.

    :param splits: those that may be shown; all by default.
    """
    rows = {split: page.results.split(split) for split in splits or page.splits}
    curves = {split: found for split in rows if (found := _curve(rows[split]))}
    head = "## Strength"
    text = (
        "The adapter's update multiplied by a factor. At zero nothing is left of it, at one it is "
        "as the hypernetwork makes it. Every curve is over the tasks whose strengths were measured."
    )
    if not curves:
        return page.absent(page.commands.main, head, text)
    factors = sorted({factor for curve in curves.values() for factor in curve})
    series = [
        Series(page.splits[split][0].lower(), tuple(curve.get(factor) for factor in factors))
        for split, curve in curves.items()
    ]
    ticks = [f"{factor:g}" for factor in factors]
    lines(page.drawing(NAME), ticks, series, ("strength (factor, not to scale)", EXACT_MATCH))
    cells = [
        (tick, *(percent_interval(value) if value else ABSENT for value in values))
        for tick, values in zip(
            ticks, zip(*(one.values for one in series), strict=True), strict=True
        )
    ]
    return paragraphs(
        head,
        text,
        page.figure(NAME, "Exact match over the adapter's strength with 95% intervals over tasks"),
        made_with(page.commands.main),
        table(("strength", *(one.name for one in series)), cells),
        made_with(page.commands.main),
    )


def _curve(rows: list[ResultRow]) -> dict[float, Estimate]:
    """Estimates by factor; empty unless a strength other than the neutral ones was measured."""
    names = {n for row in rows for n in row.exact_match if n.startswith(STRENGTH)}
    tasks = {row.task for row in rows if names & row.exact_match.keys()}
    if not tasks:
        return {}
    own = [row for row in rows if row.task in tasks]
    conditions = {**NEUTRAL, **{float(name.removeprefix(STRENGTH)): name for name in names}}
    found = {factor: estimate(own, name) for factor, name in conditions.items()}
    return {factor: value for factor, value in sorted(found.items()) if value is not None}
