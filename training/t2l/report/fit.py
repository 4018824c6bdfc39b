"""The fit score: whether it tells beforehand how well a description's adapter will do."""

from pathlib import Path
from statistics import fmean

from scipy.stats import spearmanr

from t2l.report.data import Record, distinct
from t2l.report.figures import EXACT_MATCH, Series, lines
from t2l.report.markdown import (
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
KINDS = ("report", "left_out", "seen", "off_topic", "junk", "real")
GROUPS = 5  # of equally many texts, in the figure


def fit_section(page: Page) -> str:
    """Exact match by verdict, verdicts by kind of text, and the rank correlation."""
    head = "## Fit of descriptions"
    text = "The endpoint gives every description a score of fit and a verdict before it is used."
    results, command = page.results, page.commands.stage("export")
    if not results.fit:
        return page.absent(command, head, text)
    verdicts = distinct(
        row["verdict"] for row in sorted(results.fit, key=lambda row: -row["score"])
    )
    # texts of no task would make it easy: what counts is telling unseen tasks apart
    scored = [
        row
        for row in results.fit
        if row["text_kind"] == "report" and row.get("exact_match") is not None
    ]
    parts = [head, text, _by_verdict(results.fit, verdicts), made_with(command)]
    parts += [_by_kind(results.fit, verdicts), made_with(command)]
    if len({row["score"] for row in scored}) > 1 and len({r["exact_match"] for r in scored}) > 1:
        parts += [_correlation(scored)]
        _draw(page.drawing(NAME), scored)
        parts += [page.figure(NAME, "Exact match by fit score with 95% intervals over tasks")]
        parts += [made_with(command)]
    return paragraphs(*parts)


def _by_task(records: list[Record]) -> list[float]:
    """Mean exact match of every task; texts without a task stand for themselves."""
    found: dict[object, list[float]] = {}
    for number, row in enumerate(records):
        if row.get("exact_match") is not None:
            key = row["task"] if row.get("task") else number
            found.setdefault(key, []).append(row["exact_match"])
    return [fmean(values) for values in found.values()]


def _by_verdict(records: tuple[Record, ...], verdicts: list[str]) -> str:
    lines_ = []
    for verdict in verdicts:
        own = [row for row in records if row["verdict"] == verdict]
        mean = significant(fmean(row["score"] for row in own))
        lines_.append((verdict, count(len(own)), mean, percent_interval(of_values(_by_task(own)))))
    return table(("verdict", "texts", "mean score", "exact match (95% interval)"), lines_)


def _by_kind(records: tuple[Record, ...], verdicts: list[str]) -> str:
    lines_ = []
    for kind in distinct((row["text_kind"] for row in records), KINDS):
        own = [row for row in records if row["text_kind"] == kind]
        counts = [count(sum(row["verdict"] == verdict for row in own)) for verdict in verdicts]
        mean = significant(fmean(row["score"] for row in own))
        lines_.append((kind.replace("_", " "), count(len(own)), mean, *counts))
    return table(("text", "texts", "mean score", *verdicts), lines_)


def _correlation(scored: list[Record]) -> str:
    rho, _ = spearmanr([row["score"] for row in scored], [row["exact_match"] for row in scored])
    return (
        f"Spearman's rank correlation of score and exact match is {rho:.2f} over "
        f"{len(scored)} descriptions of the report's unseen tasks."
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
