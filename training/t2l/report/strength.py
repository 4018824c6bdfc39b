"""The strength curve: the description's adapter scaled up and down before it is applied."""

from pathlib import Path

from t2l.evaluate.results import ResultRow
from t2l.report import commands
from t2l.report.data import Results
from t2l.report.figures import EXACT_MATCH, Series, lines
from t2l.report.labels import SPLITS, STRENGTH
from t2l.report.markdown import (
    ABSENT,
    figure,
    made_with,
    missing,
    paragraphs,
    percent_interval,
    table,
)
from t2l.report.statistics import Estimate, estimate

NAME = "strength"
NEUTRAL = {0.0: "zero_shot", 1.0: "matched"}  # strengths that are measured under another name


def strength_section(results: Results, figures: Path) -> str:
    """Curve and table over the splits whose strengths were measured."""
    curves = {split: found for split in SPLITS if (found := _curve(results.split(split)))}
    head = "## Strength"
    text = (
        "The adapter's update multiplied by a factor. At zero nothing is left of it, at one it is "
        "as the hypernetwork makes it. Every curve is over the tasks whose strengths were measured."
    )
    if not curves:
        return paragraphs(head, text, missing(commands.MAIN))
    factors = sorted({factor for curve in curves.values() for factor in curve})
    series = [
        Series(SPLITS[split][0].lower(), tuple(curve.get(factor) for factor in factors))
        for split, curve in curves.items()
    ]
    ticks = [f"{factor:g}" for factor in factors]
    lines(figures / f"{NAME}.svg", ticks, series, ("strength (factor, not to scale)", EXACT_MATCH))
    cells = [
        (tick, *(percent_interval(value) if value else ABSENT for value in values))
        for tick, values in zip(
            ticks, zip(*(one.values for one in series), strict=True), strict=True
        )
    ]
    return paragraphs(
        head,
        text,
        figure(NAME, "Exact match over the adapter's strength with 95% intervals over tasks"),
        made_with(commands.MAIN),
        table(("strength", *(one.name for one in series)), cells),
        made_with(commands.MAIN),
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
