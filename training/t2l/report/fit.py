"""The fit score: whether it tells beforehand how well a description's adapter will do.

What counts is what people write (`spoken`): the score was found on one half of the tasks, and the
bars are judged on the other. Worlds that nobody described by hand have the report's grammar alone.
How often that half was looked at stands with its bars: whoever knows it may have been led by it.
"""

from collections.abc import Sequence
from pathlib import Path
from statistics import fmean

from t2l.export.bundle.verdicts import WELL
from t2l.report.data import Record, distinct
from t2l.report.figures import EXACT_MATCH, Series, lines
from t2l.report.fit_bars import promises_table, rank_correlation
from t2l.report.fit_levels import levels_part
from t2l.report.markdown import (
    ABSENT,
    count,
    made_with,
    paragraphs,
    percent_interval,
    significant,
    table,
)
from t2l.report.page import Page
from t2l.report.statistics import of_values

NAME = "fit"
KINDS = (
    "spoken",
    "missing_step",
    "size",
    "other",
    "report",
    "left_out",
    "seen",
    "off_topic",
    "junk",
    "real",
)
WRITTEN, GRAMMAR = "spoken", "report"
PROMISED = ("good", "unfit")  # verdicts that promise something
REASONS = ("far", "missing_step", "weak")
KINDS_TEXT = (
    "`spoken` is what people wrote of tasks of this world; `missing step` what they wrote in its "
    "style, which no task of it does; `size` asks for a task on inputs of other sizes than "
    "training's, which no vector shows; `other` is something else altogether. The next three are "
    "phrasings of a grammar that neither training nor the score has seen: unseen tasks, tasks of "
    "left-out shapes, and training tasks. The bars are for `spoken`, nearly all of which is about "
    "training tasks; the last columns say how far the verdicts can be believed elsewhere. "
    "The score has one set of coefficients for what people write and one for such phrasings, and "
    "a gate on the description's vector says how much of either counts."
)
LOOKS_TEXT = (
    "These texts are no longer quite unseen: they were looked at twice, for the score of t2l-mini "
    "4.1.0 and for that of 4.2.0. The first look, and the table of kinds below, showed that the "
    "score failed on the grammars' phrasings of unseen tasks, which is why there are two sets of "
    "coefficients. What they are, and every constant, was chosen by cross-validation over tasks on "
    "the calibration's half and the selection tasks, and nothing was changed after the second look."
)
GROUPS = 5  # of equally many texts, in the figure


def fit_section(page: Page) -> str:
    """Bars, exact match by verdict, verdicts by kind of text, reasons, strengths and sizes."""
    head = "## Fit of descriptions"
    text = (
        "The endpoint gives every description a score of fit, the exact match to expect, and a "
        "verdict before it is used."
    )
    results, command = page.results, page.commands.stage("export")
    if not results.fit:
        return page.absent(command, head, text)
    verdicts = distinct(
        row["verdict"] for row in sorted(results.fit, key=lambda row: -row["score"])
    )
    written = _measured(results.fit, WRITTEN)
    parts = [head, text]
    if written:
        parts += [
            f"On {len(written)} descriptions that people wrote of {_tasks(written)} tasks; the "
            "score was found on descriptions of other tasks. Done well is more than 60% right.",
            promises_table(written, command),
            made_with(command),
            LOOKS_TEXT,
            _by_verdict(written, verdicts),
        ]
    else:
        parts += [_by_verdict(results.fit, verdicts)]
    parts += [made_with(command)]
    kinds = {row["text_kind"] for row in results.fit}
    parts += [KINDS_TEXT if WRITTEN in kinds else None]
    parts += [_by_kind(results.fit, verdicts), made_with(command)]
    if any(row.get("reason") for row in results.fit):
        parts += [_reasons_text(), _by_reason(results.fit), made_with(command)]
    # texts of no task would make it easy: what counts is telling tasks apart
    scored = written or _measured(results.fit, GRAMMAR)
    for kind in (WRITTEN, GRAMMAR):
        parts += [_correlation(_measured(results.fit, kind), kind)]
    if rank_correlation(scored) is not None:
        _draw(page.drawing(NAME), scored)
        parts += [page.figure(NAME, "Exact match by fit score with 95% intervals over tasks")]
        parts += [made_with(command)]
    parts += [levels_part(results.fit_levels, command)]
    return paragraphs(*parts)


def _measured(records: Sequence[Record], kind: str) -> list[Record]:
    return [
        row for row in records if row["text_kind"] == kind and row.get("exact_match") is not None
    ]


def _tasks(records: Sequence[Record]) -> int:
    return len({row["task"] for row in records})


def _by_task(records: Sequence[Record]) -> list[float]:
    """Mean exact match of every task; texts without a task stand for themselves."""
    found: dict[object, list[float]] = {}
    for number, row in enumerate(records):
        if row.get("exact_match") is not None:
            key = row["task"] if row.get("task") else number
            found.setdefault(key, []).append(row["exact_match"])
    return [fmean(values) for values in found.values()]


def _by_verdict(records: Sequence[Record], verdicts: list[str]) -> str:
    lines_ = []
    for verdict in verdicts:
        own = [row for row in records if row["verdict"] == verdict]
        mean = significant(fmean(row["score"] for row in own))
        lines_.append((verdict, count(len(own)), mean, percent_interval(of_values(_by_task(own)))))
    return table(("verdict", "texts", "mean score", "exact match (95% interval)"), lines_)


def _by_kind(records: Sequence[Record], verdicts: list[str]) -> str:
    lines_ = []
    for kind in distinct((row["text_kind"] for row in records), KINDS):
        own = [row for row in records if row["text_kind"] == kind]
        counts = [count(sum(row["verdict"] == verdict for row in own)) for verdict in verdicts]
        mean = significant(fmean(row["score"] for row in own))
        well = [_well([row for row in own if row["verdict"] == name]) for name in PROMISED]
        lines_.append((kind.replace("_", " "), count(len(own)), mean, *counts, *well))
    promised = (f"of {name}, done well" for name in PROMISED)
    return table(("text", "texts", "mean score", *verdicts, *promised), lines_)


def _reasons_text() -> str:
    return (
        "A score below one half has a reason where one is known. `far`: like nothing trained. "
        "`missing step`: it seems to ask for a step that the closest task does not have. `weak`: "
        "close to a task that is not done well. A reason is a hint; the table says how often texts "
        "with it are done well after all, and how often the step was asked for."
    )


def _by_reason(records: Sequence[Record]) -> str:
    own = [row for row in records if row["text_kind"] in (WRITTEN, GRAMMAR, "left_out", "seen")]
    lines_ = []
    for reason in distinct((row["reason"] for row in records if row.get("reason")), REASONS):
        some = [row for row in own if row.get("reason") == reason]
        written = [row for row in some if row["text_kind"] == WRITTEN]
        asked = [row["step_asked"] for row in some if row.get("step_asked") is not None]
        lines_.append(
            (
                reason.replace("_", " "),
                count(sum(row.get("reason") == reason for row in records)),
                _well(written),
                _well([row for row in some if row["text_kind"] != WRITTEN]),
                f"{sum(asked)} of {len(asked)}" if asked else ABSENT,
            )
        )
    header = ("reason", "texts", "done well, of written", "of the grammar", "step asked for")
    return table(header, lines_)


def _well(rows: Sequence[Record]) -> str:
    known = [row["exact_match"] > WELL for row in rows if row.get("exact_match") is not None]
    return f"{sum(known)} of {len(known)}" if known else ABSENT


def _correlation(scored: list[Record], kind: str) -> str | None:
    rho = rank_correlation(scored)
    if rho is None:
        return None
    what = "that people wrote" if kind == WRITTEN else "of the report's unseen tasks"
    return (
        f"Spearman's rank correlation of score and exact match is {rho:.2f} over "
        f"{len(scored)} descriptions {what}."
    )


def _draw(path: Path, scored: list[Record]) -> None:
    ordered = sorted(scored, key=lambda row: row["score"])
    groups = min(GROUPS, len(ordered))
    edges = [round(index * len(ordered) / groups) for index in range(groups + 1)]
    parts = [ordered[a:b] for a, b in zip(edges, edges[1:], strict=False)]
    ticks = [f"{part[0]['score']:.2f} to\n{part[-1]['score']:.2f}" for part in parts]
    values = tuple(of_values(_by_task(part)) for part in parts)
    label = "fit score (no unit), groups of equally many texts"
    lines(path, ticks, [Series("exact match", values)], (label, EXACT_MATCH))
