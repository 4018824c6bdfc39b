"""Behaviours: how far the adapted model is from the base model that is told, and what both say."""

from collections.abc import Sequence

from t2l.evaluate.behaviours import Measured, Summary, summary
from t2l.report.data import Record
from t2l.report.markdown import made_with, paragraphs, percent, table
from t2l.report.page import Page

HEAD = "## Behaviours"
COMMAND = "cd training && .venv/bin/python -m t2l behaviours --config configs/behaviours.yaml"
MOST = 0.60  # of the plain model's divergence
TEXT = (
    "Descriptions of how to answer, whatever is asked, learned without labels by a network of its "
    "own (`training/configs/behaviours.yaml`). What is measured is the Kullback-Leibler divergence "
    "from the base model that reads the description before the question, in nats a token of that "
    "model's own replies: the lower, the more the adapter does what reading the description does. "
    "Descriptions are in held-out words and questions in no training. Every behaviour counts the "
    "same. A base model of this size often does not do what it is told, as the examples show: what "
    "an adapter can learn is what it does then."
)
GROUPS = {
    "value": "other values of trained kinds",
    "kind": "other kinds",
    "pair": "other pairs",
    "all": "all",
}
CONDITIONS = {
    "plain": "no adapter",
    "matched": "the description's adapter",
    "shuffled": "another behaviour's adapter",
    "mean": "mean adapter",
}


def behaviours_section(page: Page) -> str:
    """The table, the bar, and examples; nothing where no behaviour was measured."""
    rows = newest(page.results.behaviours)
    if not rows:
        return ""
    found = summary(rows)
    return paragraphs(
        HEAD,
        TEXT,
        _table(found),
        _judged(found),
        made_with(_command(page)),
        *_shown(page.results.behaviour_examples, _command(page)),
    )


def _command(page: Page) -> str:
    """What measures them: the page's own recipe if it has them, else the one that ships."""
    own = page.config.tasks.source == "behaviours"
    return page.commands.stage("behaviours") if own else COMMAND


def newest(records: Sequence[Record]) -> list[Measured]:
    """The rows of the network that was measured last, each once."""
    rows = [Measured(**record) for record in records]
    found = {
        (row.behaviour, row.description, row.condition): row
        for row in rows
        if row.network == rows[-1].network
    }
    return list(found.values())


def _table(found: Sequence[Summary]) -> str:
    by_place = {(one.group, one.condition): one for one in found}
    lines = []
    for group in [group for group in GROUPS if (group, "plain") in by_place]:
        cells = [by_place[group, condition] for condition in CONDITIONS]
        lines.append(
            [
                f"{GROUPS[group]} ({cells[0].behaviours})",
                *(f"{one.divergence:.3f} ({percent(one.share)})" for one in cells),
            ]
        )
    return table(["unseen behaviours", *CONDITIONS.values()], lines)


def _judged(found: Sequence[Summary]) -> str:
    every = {one.condition: one for one in found if one.group == "all"}
    matched, mean = every["matched"], every["mean"]
    return (
        f"Required: at most {percent(MOST)} of no adapter's, {_met(matched.share <= MOST)}; below "
        f"the mean adapter's, {_met(matched.divergence < mean.divergence)}."
    )


def _met(met: bool) -> str:
    return "met" if met else "not met"


def _shown(records: Sequence[Record], command: str) -> list[str]:
    if not records:
        return []
    header = ["description", "question", "no adapter", "told", "the description's adapter"]
    keys = ("description", "question", "plain", "told", "adapted")
    lines = [[" ".join(str(record[key]).split()) for key in keys] for record in records]
    return [
        "What is said, greedily and cut where the replies of training are; evenly from all groups:",
        table(header, lines, texts=len(header)),
        made_with(command),
    ]
