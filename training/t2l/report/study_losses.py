"""How likely right answers are under the runs of a study, where that was measured."""

from collections.abc import Iterable, Sequence

from t2l.evaluate.results import LossRow, ResultRow
from t2l.report.data import distinct
from t2l.report.markdown import ABSENT, count, nats_interval, paragraphs, table
from t2l.report.statistics import estimate, of_values, paired
from t2l.report.study_best import Gaps, best_sentence

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
    lines: list[tuple[str, ...]] = []
    told: dict[str, Gaps] = {}
    for variant in variants:
        own = [row for row in rows if row.variant == variant]
        told[variant] = paired(own, "shuffled", own, "matched")
        gap = of_values(told[variant].values())
        against = of_values(paired(own, "matched", first, "matched").values())
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
    best = best_sentence(told, "By this, descriptions tell", nats_interval, "nats a token")
    return paragraphs(TEXT, best, table(header, lines))


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
