"""How likely right answers are under the runs of a study, where that was measured."""

import math
from collections.abc import Iterable, Sequence

from t2l.evaluate.results import LossRow, ResultRow
from t2l.report.data import distinct
from t2l.report.markdown import ABSENT, count, nats_interval, paragraphs, table
from t2l.report.statistics import Estimate, estimate, of_values, paired

TEXT = (
    "How likely right answers are moves long before exact match does: the cross-entropy of the "
    "right answers' tokens, in nats a token; lower is better. What a description tells is how much "
    "lower it is under the adapter of a task's own than under another's."
)
CONDITIONS = {
    "plain": "base model, no adapter",
    "matched": "adapter of the task's description",
    "shuffled": "adapter of another task's description",
    "static": "mean adapter, the same for every task",
}


def losses_part(losses: Sequence[LossRow], study: str, order: Sequence[str]) -> str:
    """A sentence on the best run and a table of all; nothing if none was measured."""
    rows = _comparable(row for row in losses if row.study == study)
    if not rows:
        return ""
    variants = distinct((row.variant for row in rows), order)
    first = [row for row in rows if row.variant == variants[0]]
    lines, told = [], {}
    for variant in variants:
        own = [row for row in rows if row.variant == variant]
        gap = of_values(paired(own, "shuffled", own, "matched").values())
        against = of_values(paired(own, "matched", first, "matched").values())
        if gap is not None:
            told[variant] = gap
        lines.append(
            (
                f"`{variant}`",
                count(len({row.task for row in own})),
                *(nats_interval(estimate(own, name)) for name in CONDITIONS),
                nats_interval(gap, signed=True),
                ABSENT if variant == variants[0] else nats_interval(against, signed=True),
            )
        )
    header = (
        "run",
        "tasks",
        *CONDITIONS.values(),
        "what a description tells",
        f"`matched` above that of `{variants[0]}`",
    )
    return paragraphs(TEXT, _best(told), table(header, lines))


def _best(told: dict[str, Estimate]) -> str | None:
    """Which of several runs, if any: a gap that may be nothing names none."""
    known = {variant: gap for variant, gap in told.items() if math.isfinite(gap.mean)}
    if len(known) < 2:
        return None
    best = max(known, key=lambda variant: known[variant].mean)
    if known[best].low <= 0:
        return "By this, descriptions tell none of them more than chance would."
    return f"By this, descriptions tell `{best}` most: {nats_interval(known[best])} nats a token."


def _comparable(losses: Iterable[LossRow]) -> list[ResultRow]:
    """As rows of results, for the statistics of those: a loss in the place of a share."""
    return [
        ResultRow(
            study=row.study,
            variant=row.variant,
            train_seed=row.train_seed,
            sampling_seed=row.sampling_seed,
            split="selection",
            task=row.task,
            family="",
            samples=0,
            exact_match=row.loss,
        )
        for row in losses
    ]
