"""Compression: how well a hypernetwork reproduces adapters that were trained one by one."""

from pathlib import Path
from statistics import fmean

from t2l.report.data import Record, distinct
from t2l.report.markdown import (
    ABSENT,
    count,
    made_with,
    paragraphs,
    percent,
    points,
    significant,
    table,
)
from t2l.report.page import Page
from t2l.report.statistics import spread
from t2l.report.style import INK, MARKERS, drawing

NAME = "compression"
ORDER = ("S", "M", "L")


def compression_section(page: Page) -> str:
    """Table by variant and number of tasks, and error against exact match for every run."""
    head = "## Compression of trained adapters"
    text = (
        "Hypernetworks trained to reproduce the adapters of training tasks: the error of the "
        "updates, relative to their size, and what is left of the trained adapters' exact match."
    )
    records, command = page.results.compression, page.commands.stage("reconstruction")
    if not records:
        return page.absent(command, head, text)
    _draw(page.drawing(NAME), records)
    lines = []
    for variant in distinct((record["variant"] for record in records), ORDER):
        own = [record for record in records if record["variant"] == variant]
        for tasks in sorted({record["tasks"] for record in own}):
            lines.append(_line(variant, [row for row in own if row["tasks"] == tasks]))
    header = (
        "variant",
        "tasks",
        "training seeds",
        "relative error",
        "exact match",
        "deviation over training seeds, points",
        "trained adapters",
        "share kept",
    )
    return paragraphs(
        head,
        text,
        table(header, lines),
        made_with(command),
        page.figure(NAME, "Relative error and exact match of every compressed set of adapters"),
        made_with(command),
    )


def _line(variant: str, records: list[Record]) -> tuple[str, ...]:
    ours = fmean(record["exact_match"] for record in records)
    theirs = fmean(record["oracle_exact_match"] for record in records)
    deviation = spread(record["exact_match"] for record in records)
    return (
        f"`{variant}`",
        count(records[0]["tasks"]),
        count(len({record["train_seed"] for record in records})),
        significant(fmean(record["relative_error"] for record in records)),
        percent(ours),
        points(deviation).lstrip("+"),
        percent(theirs),
        percent(ours / theirs) if theirs else ABSENT,
    )


def _draw(path: Path, records: tuple[Record, ...]) -> None:
    with drawing(path, 3.0) as drawn:
        axes = drawn.subplots()
        for index, variant in enumerate(distinct((r["variant"] for r in records), ORDER)):
            own = [record for record in records if record["variant"] == variant]
            axes.scatter(
                [record["relative_error"] for record in own],
                [100 * record["exact_match"] for record in own],
                marker=MARKERS[index % len(MARKERS)],
                color=INK[index % len(INK)],
                label=f"{variant}",
                s=32,
            )
        best = 100 * fmean(record["oracle_exact_match"] for record in records)
        axes.axhline(best, color="black", linestyle="--", linewidth=1, label="trained adapters")
        axes.set_xlabel("relative error of the update (no unit)")
        axes.set_ylabel("exact match (%)")
        axes.set_ylim(bottom=0)
        axes.legend(loc="lower center", bbox_to_anchor=(0.5, 1.0), ncols=4)
