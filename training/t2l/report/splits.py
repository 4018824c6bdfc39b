"""One section a split: every condition with its interval, and its distance from the right one."""

from collections.abc import Sequence
from dataclasses import replace
from typing import Literal

from t2l.evaluate.results import ResultRow
from t2l.report.data import NO_SEED
from t2l.report.figures import EXACT_MATCH, Series, bars
from t2l.report.labels import CONDITIONS, condition_label, conditions_of
from t2l.report.markdown import (
    ABSENT,
    count,
    counted,
    made_with,
    paragraphs,
    percent_interval,
    points,
    points_interval,
    table,
)
from t2l.report.page import Page
from t2l.report.statistics import difference, estimate, means_by_seed, spread

SEEDS: dict[Literal["train_seed", "sampling_seed"], str] = {
    "train_seed": "training",
    "sampling_seed": "sampling",
}


def split_sections(page: Page, splits: Sequence[str] = ()) -> str:
    """A section for each of some splits, by default for all that the page has data of.

    :param splits: shown in this order, whether they were measured or not.
    """
    measured = [split for split in page.splits if page.results.split(split)]
    return paragraphs(*(split_section(page, split) for split in splits or measured))


def split_section(page: Page, split: str) -> str:
    """Text, table and figure of one split."""
    title, text = page.splits[split]
    rows = page.results.split(split)
    if not rows:
        return page.absent(page.commands.main, f"## {title}", text)
    names = conditions_of(rows)
    name = f"conditions-{split}"
    values = tuple(estimate(rows, condition) for condition in names)
    labels = [condition_label(condition) for condition in names]
    bars(page.drawing(name), labels, [Series("exact match", values)], EXACT_MATCH)
    return paragraphs(
        f"## {title}",
        f"{text} {_sizes(rows)}",
        _table(rows, names),
        made_with(page.commands.main),
        page.figure(name, f"{title}: exact match of every condition with 95% intervals over tasks"),
        made_with(page.commands.main),
        *_rouge(page, rows),
    )


def _rouge(page: Page, rows: Sequence[ResultRow]) -> tuple[str, ...]:
    """How near answers are to right ones, where that was measured."""
    shares = [replace(row, exact_match=row.rouge_l) for row in rows if row.rouge_l]
    if not shares:
        return ()
    lines = [
        (
            f"{condition_label(name)} (`{name}`)",
            percent_interval(estimate(shares, name)),
            ABSENT if name == "matched" else points_interval(difference(shares, "matched", name)),
        )
        for name in conditions_of(shares)
    ]
    header = ("condition", "ROUGE-L (95% interval)", "`matched` above it, points (95% interval)")
    text = "How much of a right answer stands in what is answered, in the same order."
    return text, table(header, lines), made_with(page.commands.main)


def _sizes(rows: list[ResultRow]) -> str:
    """How much was asked, from the rows."""
    tasks = len({row.task for row in rows})
    samples = sorted({row.samples for row in rows})
    trained = {row.train_seed for row in rows} - {NO_SEED}
    sampled = {row.sampling_seed for row in rows}
    each = " or ".join(map(str, samples))
    return (
        f"{counted(tasks, 'task')} with {each} questions each; hypernetworks of "
        f"{counted(len(trained), 'training seed')}, {counted(len(sampled), 'sampling seed')}."
    )


def _table(rows: list[ResultRow], names: list[str]) -> str:
    lines = []
    for name in names:
        by_seed = means_by_seed([row for row in rows if row.train_seed != NO_SEED], name)
        found = estimate(rows, name)
        above = ABSENT if name == "matched" else points_interval(difference(rows, "matched", name))
        deviation = spread(by_seed.values())
        lines.append(
            (
                f"{condition_label(name)} (`{name}`)" if name in CONDITIONS else f"`{name}`",
                count(found.tasks if found else None),
                percent_interval(found),
                above,
                ABSENT if deviation is None else f"{points(deviation).lstrip('+')}",
            )
        )
    header = (
        "condition",
        "tasks",
        "exact match (95% interval)",
        "`matched` above it, points (95% interval)",
        "deviation over training seeds, points",
    )
    return table(header, lines)


def seeds_section(page: Page) -> str:
    """Means of the right description's adapter for every training seed and sampling seed."""
    lines = []
    for split, (title, _) in page.splits.items():
        rows = page.results.split(split)
        for which, label in SEEDS.items():
            means = means_by_seed(rows, "matched", which)
            if means:
                shown = ", ".join(f"{seed}: {100 * mean:.1f}%" for seed, mean in means.items())
                deviation = spread(means.values())
                text = ABSENT if deviation is None else points(deviation).lstrip("+")
                lines.append((title, label, shown, text))
    head = "## Seeds"
    if not lines:
        return page.absent(page.commands.main, head)
    text = "Exact match with the description's adapter by seed, and the deviation between seeds."
    header = ("split", "seed of", "exact match by seed", "standard deviation, points")
    return paragraphs(head, text, table(header, lines), made_with(page.commands.main))
