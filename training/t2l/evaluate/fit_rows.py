"""The report's rows on the fit score: texts of every kind with score, verdict, reason and success.

report, left_out   unseen tasks in held-out phrasings, and tasks of left-out shapes
seen               training tasks in held-out phrasings
spoken             what people wrote of a task of the world, on the half of the tasks that no
                   score was found on
missing_step       what people wrote in the world's style, which none of its tasks does
size               what people wrote of a task on inputs longer or shorter than any in training
other              what people wrote about something else
off_topic, junk    sentences about other things, random words and characters
real               descriptions that people wrote of other tasks
"""

from __future__ import annotations

import gzip
import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import torch

from t2l.evaluate.fit_levels import LevelRow
from t2l.evaluate.fit_texts import (
    measure_descriptions,
    measure_others,
    measure_written,
    sketches_of,
    unmeasured,
)
from t2l.evaluate.run import left_out_tasks, report_tasks, seen_tasks
from t2l.evaluate.setting import Setting
from t2l.export.bundle.data import Fit
from t2l.export.bundle.measured import Measured
from t2l.export.bundle.predictor import Predictor, predict, reason_of
from t2l.tasks.off_topic import REPORT, junk
from t2l.tasks.procedural.spoken import Spoken
from t2l.tasks.source import Task

DESCRIPTIONS = 4  # of every task
SEED = 30_002  # of samples and descriptions; used nowhere else
JUNK_TEXTS = 48
DIGITS = 4  # of scores, as the edge reports them
UNMEASURED = ("size", "missing_step", "real")  # no question here has their answer
NO_TASK = ("other", "off_topic", "junk")


@dataclass(frozen=True)
class FitRow:
    """One text with its score; a line of `fit.jsonl`.

    :param text_kind: see above.
    :param task: what the text describes, None if no task here.
    :param exact_match: of the text's adapter: on its task, or on tasks of the report drawn at
        random if it describes none; None if it was not measured.
    :param reason: why a score is low: `far`, `missing_step`, `weak` or None.
    :param step: the one that is said to be missing.
    :param step_asked: whether the text's task has that step; None where it is not known.
    :param closest: the training task whose adapter is most like the text's.
    """

    text_kind: str
    task: str | None
    text: str
    score: float
    verdict: str
    exact_match: float | None
    reason: str | None = None
    step: str | None = None
    step_asked: bool | None = None
    closest: str | None = None


def fit_rows(
    setting: Setting,
    fit: Fit,
    predictor: Predictor,
    written: Sequence[Spoken],
    tasks: Mapping[str, Task],
    real: Path | None = None,
) -> list[FitRow]:
    """Every row.

    :param written: what people wrote of the report's half of the tasks.
    :param tasks: of the world, by name.
    :param real: gzipped JSON lines of descriptions of other tasks; left out if there is no file.
    """
    config = setting.config
    unseen, samples = report_tasks(config), config.evaluation.fit.report
    splits = {"report": unseen, "left_out": left_out_tasks(config), "seen": seen_tasks(config)}
    made: list[FitRow] = []

    def add(kind: str, found: Measured) -> None:
        made.extend(_rows(kind, found, fit, predictor))

    for kind, some in splits.items():
        if some:
            add(
                kind,
                measure_descriptions(setting, some, "held_out", DESCRIPTIONS, samples, SEED),
            )
    for kind, source in (("spoken", "task"), ("missing_step", "missing_step"), ("size", "size")):
        own = [row for row in written if row.kind == source]
        if own:
            add(kind, measure_written(setting, own, tasks))
    others = {
        "other": [row.text for row in written if row.kind == "other"],
        "off_topic": list(REPORT),
        "junk": list(junk(JUNK_TEXTS, "report")),
    }
    for kind, texts in others.items():
        if texts:
            add(kind, measure_others(setting, texts, unseen, SEED))
    if real is not None and real.exists():
        texts = _first_descriptions(real)
        vectors = setting.encoder.encode(texts)
        add("real", unmeasured(texts, vectors, sketches_of(setting, vectors)))
    return made


def _rows(kind: str, found: Measured, fit: Fit, predictor: Predictor) -> Iterator[FitRow]:
    with torch.no_grad():
        judged = predict(predictor, found.vectors, found.sketches)
    for place, (task, text) in enumerate(zip(found.tasks, found.texts, strict=True)):
        score = round(float(judged.score[place]), DIGITS)
        reason, step = reason_of(predictor, judged, place)
        asked = found.steps[place]
        yield FitRow(
            text_kind=kind,
            task=task,
            text=text,
            score=score,
            verdict=fit.verdict(score),
            exact_match=None if kind in UNMEASURED else float(found.exact_match[place]),
            reason=reason,
            step=step,
            step_asked=None if step is None or asked is None else step in asked,
            closest=fit.tasks[int(judged.signs.closest[place])],
        )


def write_lines(path: Path, rows: Sequence[FitRow | LevelRow]) -> None:
    """Replace a file of JSON lines: scores of two calibrations must not be mixed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    lines = [
        json.dumps(asdict(row), separators=(",", ":"), ensure_ascii=False) + "\n" for row in rows
    ]
    partial = path.with_suffix(".partial")
    partial.write_text("".join(lines), encoding="utf-8")
    partial.replace(path)


def _first_descriptions(path: Path) -> tuple[str, ...]:
    """One description of every task of a file."""
    with gzip.open(path, "rt", encoding="utf-8") as file:
        return tuple(json.loads(line)["descriptions"][0] for line in file)
