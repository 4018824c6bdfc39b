"""The two kinds of figure that most parts need: bars and lines, both with 95% intervals."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from matplotlib.axes import Axes

from t2l.report.statistics import Estimate
from t2l.report.style import HATCHES, INK, LINES, MARKERS, SHADES, drawing

EXACT_MATCH = "exact match (%)"
BAR_INCHES = 0.16  # height of one bar
FRAME_INCHES = 0.9  # height of everything around the bars


@dataclass(frozen=True)
class Series:
    """One legend entry: a name, and an estimate for every group, None where there is none."""

    name: str
    values: tuple[Estimate | None, ...]


def bars(path: Path, groups: Sequence[str], series: Sequence[Series], label: str) -> None:
    """Horizontal bars, the first group on top.

    :param groups: names along the vertical axis.
    :param label: of the horizontal axis, with its unit.
    """
    thickness = 0.8 / len(series)
    height = FRAME_INCHES + BAR_INCHES * len(groups) * (len(series) + 0.6)
    with drawing(path, height) as figure:
        axes = figure.subplots()
        for index, one in enumerate(series):
            shift = (index - (len(series) - 1) / 2) * thickness
            shown = [(g, value) for g, value in enumerate(one.values) if value is not None]
            axes.barh(
                [group + shift for group, _ in shown],
                [100 * value.mean for _, value in shown],
                height=thickness * 0.92,
                xerr=_errors([value for _, value in shown]),
                color=SHADES[index % len(SHADES)],
                hatch=HATCHES[index % len(HATCHES)],
                edgecolor="black",
                linewidth=0.6,
                error_kw={"linewidth": 0.9, "ecolor": "#000000"},
                label=one.name,
            )
        axes.set_yticks(range(len(groups)), groups)
        axes.set_ylim(len(groups) - 0.4, -0.6)
        axes.grid(axis="y", visible=False)
        axes.set_xlabel(label)
        axes.set_xlim(left=min(0, axes.get_xlim()[0]))
        _legend(axes, len(series))


def lines(
    path: Path, ticks: Sequence[str], series: Sequence[Series], labels: tuple[str, str]
) -> None:
    """Lines over evenly spaced values.

    :param ticks: what stands under each position.
    :param labels: of the horizontal and of the vertical axis, with units.
    """
    with drawing(path, 3.2) as figure:
        axes = figure.subplots()
        for index, one in enumerate(series):
            shift = 0.04 * (index - (len(series) - 1) / 2)  # so that intervals do not hide others
            shown = [(x, value) for x, value in enumerate(one.values) if value is not None]
            axes.errorbar(
                [x + shift for x, _ in shown],
                [100 * value.mean for _, value in shown],
                yerr=_errors([value for _, value in shown]),
                color=INK[index % len(INK)],
                linestyle=LINES[index % len(LINES)],
                marker=MARKERS[index % len(MARKERS)],
                markersize=5,
                linewidth=1.3,
                elinewidth=0.9,
                label=one.name,
            )
        axes.set_xticks(range(len(ticks)), ticks)
        axes.set_xlim(-0.3, len(ticks) - 0.7)
        axes.set_ylim(bottom=min(0, axes.get_ylim()[0]))
        axes.set_xlabel(labels[0])
        axes.set_ylabel(labels[1])
        _legend(axes, len(series))


def _errors(values: Sequence[Estimate]) -> list[list[float]]:
    """Distances to the interval's ends; rounding must not make one negative."""
    return [
        [100 * max(0.0, value.mean - value.low) for value in values],
        [100 * max(0.0, value.high - value.mean) for value in values],
    ]


def _legend(axes: Axes, entries: int) -> None:
    if entries > 1:
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=min(entries, 3))
