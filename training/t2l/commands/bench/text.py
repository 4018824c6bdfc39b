"""The report of a measurement as text: what was measured, a table, ratios and bars."""

from __future__ import annotations

from t2l.commands.bench.figures import Figures, Ratio, StepFigures
from t2l.commands.bench.rounds import Median
from t2l.commands.bench.sizes import Sizes
from t2l.report.markdown import ABSENT, percent, table

HEADER = ("step", "CPU ms", "wall ms", "tokens/s", "kept MB", "beside the floor MB", "GPU peak MB")


def report_text(sizes: Sizes, figures: Figures, where: str) -> str:
    """Everything that a person reads.

    :param where: the machine, in words.
    """
    shape = sizes.shape
    first = (
        f"{sizes.target.base_model.id}: {shape.layers} layers of width {shape.hidden}, on {where}\n"
        f"a step: {sizes.tasks} tasks x {sizes.examples} examples x {sizes.length} tokens, "
        f"{figures.tokens} in all, {figures.answers} of them answers; {sizes.rounds} rounds"
    )
    return "\n\n".join([first, step_table(figures), _ratios(figures), _bars(figures)])


def step_table(figures: Figures) -> str:
    """A row for every kind of step, medians with their 95% intervals."""
    columns = len(HEADER) - (figures.steps["ours"].allocated_bytes is None)
    rows = [_row(name, step)[:columns] for name, step in figures.steps.items()]
    return table(HEADER[:columns], rows)


def _row(name: str, step: StepFigures) -> list[str]:
    return [
        name,
        _interval(step.cpu_ms, 0),
        _interval(step.wall_ms, 0),
        f"{step.tokens_per_s:.0f}",
        _megabytes(step.saved_bytes),
        _megabytes(step.extra_bytes),
        ABSENT if step.allocated_bytes is None else _megabytes(step.allocated_bytes),
    ]


def _ratios(figures: Figures) -> str:
    rows: list[tuple[str, Ratio]] = [
        ("ours over the floor", figures.over_floor),
        ("ours over the repetition", figures.over_repetition),
        ("logits at all places over logits at answers", figures.logits),
    ]
    lines = [[what, _interval(one.cpu, 3), _interval(one.wall, 3)] for what, one in rows]
    found = table(("ratio", "CPU time", "wall time"), lines)
    if figures.peak is not None:
        peak = figures.peak
        found += (
            f"\n\n{peak.flops / 1e12:.3g} TFLOP a step: {percent(peak.share)} of "
            f"{peak.tflops:g} TFLOP/s"
        )
    return found


def _bars(figures: Figures) -> str:
    return "\n".join(
        f"{'met' if bar.met else 'not met':<9}{bar.what}: {bar.value:.3g}" for bar in figures.bars
    )


def _interval(found: Median, digits: int) -> str:
    return f"{found.median:.{digits}f} ({found.low:.{digits}f} to {found.high:.{digits}f})"


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.1f}"
