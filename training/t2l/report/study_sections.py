"""Tables and figures of the studies, one way for all of them."""

from collections.abc import Mapping
from pathlib import Path
from statistics import fmean

from t2l.evaluate.results import ResultRow
from t2l.report.data import Record, distinct
from t2l.report.figures import EXACT_MATCH, Series, bars, lines
from t2l.report.labels import condition_label, conditions_of
from t2l.report.markdown import (
    ABSENT,
    count,
    made_with,
    paragraphs,
    percent_interval,
    points_interval,
    significant,
    table,
)
from t2l.report.page import Page
from t2l.report.statistics import estimate, of_values, paired
from t2l.report.studies import Study, study_of
from t2l.report.study_best import Gaps, best_sentence
from t2l.report.study_losses import losses_part

DRAWN = ("matched", "shuffled")


def studies_section(
    page: Page, studies: Mapping[str, Study], others: Mapping[str, Study] | None = None
) -> str:
    """Every study of the recipe, then those that only the results have.

    :param studies: the recipe's, by name.
    :param others: what is known of those that the results may have.
    """
    names = distinct([*studies, *(row.study for row in page.results.studies)])
    intro = (
        "Differences are paired by task, with 95% intervals over tasks; those between runs compare "
        "with the first row of the same split."
    )
    known = {**(others or {}), **studies}
    parts = [study_section(page, study_of(name, known)) for name in names]
    return paragraphs("## Studies", intro, *parts) if any(parts) else ""


def study_section(page: Page, study: Study) -> str:
    """Text, table and figure of one study."""
    rows, command = page.results.study(study.name), page.commands.study(study.name)
    head = paragraphs(f"### {study.title}", study.text)
    if not rows:
        return page.absent(command, head)
    variants = distinct((row.variant for row in rows), study.order)
    splits = distinct((row.split for row in rows), [*page.splits])
    records = [record for record in page.results.training if record["study"] == study.name]
    parts = [head, _table(rows, variants, splits, records), made_with(command)]
    if study.says_best:
        parts.insert(1, _best(rows, variants, splits[0]) or "")
    losses = losses_part(page.results.study_losses, study.name, study.order)
    if losses:
        parts += [losses, made_with(command)]
    if study.kind != "table":
        name = f"study-{study.name}"
        _draw(page.drawing(name), study, [r for r in rows if r.split == splits[0]], variants)
        title = page.splits[splits[0]][0].lower() if splits[0] in page.splits else splits[0]
        caption = f"{study.title}: exact match on {title} with 95% intervals over tasks"
        parts += [page.figure(name, caption), made_with(command)]
    return paragraphs(*parts)


def _table(
    rows: list[ResultRow], variants: list[str], splits: list[str], records: list[Record]
) -> str:
    conditions = conditions_of(rows, strengths=True)
    lines_ = []
    for split in splits:
        first = _select(rows, split, variants[0])
        for variant in variants:
            own = _select(rows, split, variant)
            if not own:
                continue
            gap = of_values(paired(own, "matched", own, "shuffled").values())
            against = of_values(paired(own, "matched", first, "matched").values())
            lines_.append(
                (
                    f"`{variant}`",
                    split,
                    significant(_mean(records, variant, "parameters")),
                    count(len({row.train_seed for row in own})),
                    count(len({row.task for row in own})),
                    *(percent_interval(estimate(own, name)) for name in conditions),
                    points_interval(gap),
                    ABSENT if variant == variants[0] else points_interval(against),
                )
            )
    header = (
        "run",
        "split",
        "parameters",
        "training seeds",
        "tasks",
        *(condition_label(name) for name in conditions),
        "`matched` above `shuffled`, points",
        f"`matched` above that of `{variants[0]}`, points",
    )
    return table(header, lines_)


def _best(rows: list[ResultRow], variants: list[str], split: str) -> str | None:
    """Which variant a task's own description tells most, beyond what another's tells."""
    told: dict[str, Gaps] = {}
    for variant in variants:
        own = _select(rows, split, variant)
        told[variant] = paired(own, "matched", own, "shuffled")
    unit = "points more right answers under a task's own than under another's"
    return best_sentence(told, "Descriptions tell", points_interval, unit)


def _draw(path: Path, study: Study, rows: list[ResultRow], variants: list[str]) -> None:
    series = [
        Series(
            condition_label(name),
            tuple(estimate([r for r in rows if r.variant == v], name) for v in variants),
        )
        for name in DRAWN
        if any(name in row.exact_match for row in rows)
    ]
    if study.kind == "line":
        lines(path, variants, series, (study.axis, EXACT_MATCH))
    else:
        bars(path, [name.replace("_", " ") for name in variants], series, EXACT_MATCH)


def _select(rows: list[ResultRow], split: str, variant: str) -> list[ResultRow]:
    return [row for row in rows if row.split == split and row.variant == variant]


def _mean(records: list[Record], variant: str, key: str) -> float | None:
    own = [record for record in records if record["variant"] == variant]
    values = [record[key] for record in own if record.get(key) is not None]
    return fmean(values) if values else None
