"""The bars: what the shipped variant has to reach, and whether it does, judged on the means."""

from collections.abc import Callable
from dataclasses import dataclass

from t2l.report import commands
from t2l.report.data import Results
from t2l.report.markdown import (
    made_with,
    paragraphs,
    percent,
    percent_interval,
    points,
    points_interval,
    table,
)
from t2l.report.statistics import Estimate, difference, estimate, of_values, paired, share_of_gain

TOLERANCE = 1e-9  # of sums of floats, so that a value on the bar meets it
SPLIT = "report"
VARIANTS = "variant_full"  # the study that compares S with L


@dataclass(frozen=True)
class Bar:
    """One requirement.

    :param name: what is measured.
    :param required: the bar, as a share (0.6 for 60%).
    :param at_least: whether more is better; otherwise the value has to stay below the bar.
    :param measure: computes the value; None where data is missing.
    :param command: makes the data.
    :param difference: whether the value is a difference, in points.
    """

    name: str
    required: float
    at_least: bool
    measure: Callable[[Results], Estimate | None]
    command: str = commands.MAIN
    difference: bool = True


def _above(condition: str) -> Callable[[Results], Estimate | None]:
    return lambda results: difference(results.split(SPLIT), "matched", condition)


def _s_below_l(results: Results) -> Estimate | None:
    """On the selection's tasks, where all studies are measured; both with the recipe that ships."""
    rows = results.study(VARIANTS)
    s, large = (
        [row for row in rows if row.variant == variant]
        for variant in ("S_distilled", "L_distilled")
    )
    found = paired(large, "matched", s, "matched")
    return of_values(found.values()) if found else None


BARS: tuple[Bar, ...] = (
    Bar(
        "exact match with the description's adapter",
        0.60,
        True,
        lambda results: estimate(results.split(SPLIT), "matched"),
        difference=False,
    ),
    Bar(
        "share of the trained adapters' gain over no adapter",
        0.65,
        True,
        lambda results: share_of_gain(results.split(SPLIT), "matched", "oracle", "zero_shot"),
        difference=False,
    ),
    Bar("above one adapter trained on all tasks", 0.40, True, _above("multi_task")),
    Bar("above three examples in the prompt", 0.10, True, _above("three_shot")),
    Bar("above the adapter of another task's description", 0.45, True, _above("shuffled")),
    Bar("above the adapter of random words", 0.45, True, _above("junk_words")),
    Bar("above the adapter of random characters", 0.45, True, _above("junk_characters")),
    Bar("variant S below variant L", 0.03, False, _s_below_l, commands.study(VARIANTS)),
    Bar("int8 below float32", 0.005, False, _above("int8")),
)


def is_met(bar: Bar, found: Estimate) -> bool:
    """Whether the mean is on the right side of the bar; on the bar itself it is."""
    if bar.at_least:
        return found.mean >= bar.required - TOLERANCE
    return found.mean <= bar.required + TOLERANCE


def bars_section(results: Results, bars: tuple[Bar, ...] = BARS) -> str:
    """The table of bars, measured against required."""
    rows = [_row(bar, bar.measure(results)) for bar in bars]
    return paragraphs(
        "## Bars",
        f"On the unseen tasks of the split `{SPLIT}`. A bar is judged on the mean; the interval "
        "beside it says how sure that is. Differences are paired by task and in percentage points. "
        "The variants are compared on the tasks of their study.",
        table(("", "required", "measured (95% interval)", "judged"), rows),
        made_with(commands.MAIN),
    )


def _row(bar: Bar, found: Estimate | None) -> tuple[str, str, str, str]:
    sign = "≥" if bar.at_least else "≤"
    wanted = (
        points(bar.required).lstrip("+") + " points" if bar.difference else percent(bar.required)
    )
    if found is None:
        return bar.name, f"{sign} {wanted}", f"Not measured yet: run `{bar.command}`.", ""
    shown = points_interval(found) if bar.difference else percent_interval(found)
    return bar.name, f"{sign} {wanted}", shown, "met" if is_met(bar, found) else "not met"
