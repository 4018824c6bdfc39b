"""The bars: what a recipe has to reach, and whether it does, judged on the means.

A recipe's bars are in a file of their own (`mini_bars.py`, `language_bars.py`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from t2l.report.data import UNSEEN, Results
from t2l.report.markdown import (
    made_with,
    missing,
    paragraphs,
    percent,
    percent_interval,
    points,
    points_interval,
    table,
)
from t2l.report.page import Page
from t2l.report.statistics import Estimate, difference

TOLERANCE = 1e-9  # of sums of floats, so that a value on the bar meets it


@dataclass(frozen=True)
class Bar:
    """One requirement.

    :param name: what is measured.
    :param required: the bar, as a share (0.6 for 60%).
    :param at_least: whether more is better; otherwise the value has to stay below the bar.
    :param measure: computes the value; None where data is missing.
    :param stage: makes the data.
    :param difference: whether the value is a difference, in points.
    """

    name: str
    required: float
    at_least: bool
    measure: Callable[[Results], Estimate | None]
    stage: str = "evaluate"
    difference: bool = True


def above(condition: str, of: str = "matched") -> Callable[[Results], Estimate | None]:
    """Measures how far one condition is above another on the unseen tasks, paired by task.

    :param condition: the lower one.
    :param of: the upper one.
    """
    return lambda results: difference(results.split(UNSEEN), of, condition)


def is_met(bar: Bar, found: Estimate) -> bool:
    """Whether the mean is on the right side of the bar; on the bar itself it is."""
    if bar.at_least:
        return found.mean >= bar.required - TOLERANCE
    return found.mean <= bar.required + TOLERANCE


def bars_section(page: Page, bars: Sequence[Bar], text: str = "") -> str:
    """The table of bars, measured against required.

    :param text: what the page has to say of its own bars.
    """
    header = ["", "required", "measured (95% interval)", "judged"]
    rows = [_row(page, bar) for bar in bars]
    if page.everything is not None and page.apart:
        header.append("with the tasks that are reported apart")
        for row, bar in zip(rows, bars, strict=True):
            row.append(_shown(bar, bar.measure(page.everything)))
    told = f" {text}" if text else ""
    return paragraphs(
        "## Bars",
        f"On the unseen tasks of the split `{UNSEEN}`. A bar is judged on the mean; the interval "
        "beside it says how sure that is. Differences are paired by task and in percentage "
        f"points.{told}",
        table(header, rows),
        made_with(page.commands.main),
    )


def _row(page: Page, bar: Bar) -> list[str]:
    sign = "≥" if bar.at_least else "≤"
    wanted = (
        points(bar.required).lstrip("+") + " points" if bar.difference else percent(bar.required)
    )
    found = bar.measure(page.results)
    if found is None:
        return [bar.name, f"{sign} {wanted}", missing(page.commands.stage(bar.stage)), ""]
    judged = "met" if is_met(bar, found) else "not met"
    return [bar.name, f"{sign} {wanted}", _shown(bar, found), judged]


def _shown(bar: Bar, found: Estimate | None) -> str:
    return points_interval(found) if bar.difference else percent_interval(found)
