"""What the training runs cost: one line a study's variant, means over its training seeds."""

from collections.abc import Mapping
from statistics import fmean

from t2l.report.data import Record, distinct
from t2l.report.markdown import count, made_with, paragraphs, significant, table
from t2l.report.page import Page
from t2l.report.studies import Study, study_of

SECONDS_A_MINUTE = 60


def training_section(page: Page, studies: Mapping[str, Study], command: str = "sft") -> str:
    """The table of finished training runs.

    :param studies: the recipe's, by name.
    :param command: the stage that makes such runs.
    """
    head, results = "## Training runs", page.results
    made_by = page.commands.stage(command)
    if not results.training:
        return page.absent(made_by, head)
    names = distinct((record["study"] for record in results.training), ["main", *studies])
    lines = []
    for name in names:
        study = study_of(name, studies)
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
    return paragraphs(head, text, table(header, lines), made_with(made_by))


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
