"""What the training runs cost: one line a study's variant, means over its training seeds."""

from statistics import fmean

from t2l.report import commands
from t2l.report.data import Record, Results, distinct
from t2l.report.markdown import count, made_with, missing, paragraphs, significant, table
from t2l.report.studies import STUDIES, study_of

SECONDS_A_MINUTE = 60


def training_section(results: Results) -> str:
    """The table of finished training runs."""
    head = "## Training runs"
    if not results.training:
        return paragraphs(head, missing(commands.TRAINING))
    names = distinct((record["study"] for record in results.training), ["main", *STUDIES])
    lines = []
    for name in names:
        study = study_of(name)
        own = [record for record in results.training if record["study"] == name]
        for variant in distinct((record["variant"] for record in own), study.order):
            lines.append(_line(study.title, [row for row in own if row["variant"] == variant]))
    header = (
        "study",
        "run",
        "training seeds",
        "parameters",
        "steps",
        "tokens",
        "minutes",
        "last loss",
    )
    text = "Every run that was finished; numbers are means over training seeds."
    return paragraphs(head, text, table(header, lines), made_with(commands.TRAINING))


def _line(title: str, records: list[Record]) -> tuple[str, ...]:
    def mean(key: str) -> float | None:
        values = [record[key] for record in records if record.get(key) is not None]
        return fmean(values) if values else None

    seconds = mean("seconds")
    return (
        title,
        f"`{records[0]['variant']}`",
        count(len({record["train_seed"] for record in records})),
        significant(mean("parameters")),
        count(mean("steps")),
        significant(mean("tokens")),
        significant(None if seconds is None else seconds / SECONDS_A_MINUTE),
        significant(mean("loss")),
    )
