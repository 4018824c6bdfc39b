"""Measures what the fit score is made of: how well tasks are done, and what no task is.

The score itself is in `bundle/predictor.py`. It is calibrated on tasks for selection in phrasings
for selection, and reported on the tasks of the report in held-out phrasings; texts off topic and
junk are divided likewise.
"""

import gzip
import json
import logging
import random
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import torch
from scipy.stats import spearmanr
from torch import Tensor

from t2l.base.typed import on_device
from t2l.evaluate.measure import TASKS_A_BLOCK
from t2l.evaluate.questions import make_block
from t2l.evaluate.run import left_out_tasks, report_tasks, seen_tasks, tasks_of
from t2l.evaluate.setting import Setting
from t2l.export.bundle.data import Fit
from t2l.export.bundle.predictor import (
    Measured,
    Predictor,
    calibrate,
    predict,
    stored_success,
    thresholds,
)
from t2l.tasks.general import GENERAL
from t2l.tasks.off_topic import CALIBRATION, REPORT, junk
from t2l.tasks.samples import fresh_samples
from t2l.tasks.source import Split, Task
from t2l.template.rows import Row

logger = logging.getLogger(__name__)

SUCCESS_DESCRIPTIONS = 4  # of every training task
SUCCESS_SAMPLES = 2  # of each of them
DESCRIPTIONS = 4  # of every task that the score is calibrated or reported on
SAMPLES = 8  # of each of them
SUCCESS_SEED = 30_000  # of samples and descriptions; these seeds are used nowhere else
CALIBRATION_SEED = 30_001
REPORT_SEED = 30_002
JUNK_TEXTS = 48  # in either half
ROWS_FILE = "fit.jsonl"


@dataclass(frozen=True)
class FitRow:
    """One text with its score; a line of `fit.jsonl`.

    :param text_kind: `report`, `left_out`, `seen`, `off_topic`, `junk` or `real`.
    :param task: what the text describes, None if no task here.
    :param exact_match: of the text's adapter: on its task, or on tasks of the report drawn at
        random if it describes none; None if it was not measured.
    """

    text_kind: str
    task: str | None
    text: str
    score: float
    verdict: str
    exact_match: float | None


def fit_of(setting: Setting, results: Path | None = None, real: Path | None = None) -> Fit:
    """The bundle's fit: where training tasks lie, how well they are done, and the predictor.

    :param results: folder that gets `fit.jsonl`, the report's rows; None measures none.
    :param real: JSON lines, gzipped, of descriptions that people wrote of other tasks, to be
        reported too; left out if there is no such file.
    :raises ValueError: if tasks for selection do not score above texts off topic.
    """
    on_device(setting.model, setting.device.name).eval()
    setting.hypernetwork.to(setting.device.name).eval()
    matrix = setting.train.centroids()
    seen = measure_seen(setting)
    success = success_of(seen)
    unseen = measure_descriptions(
        setting,
        tasks_of(setting.config).selection,
        "selection",
        DESCRIPTIONS,
        SAMPLES,
        CALIBRATION_SEED,
    )
    off_topic = setting.encoder.encode([*CALIBRATION, *junk(JUNK_TEXTS, "calibration")])
    general = setting.encoder.encode(GENERAL)
    found = calibrate(seen, unseen, general, off_topic, matrix, success)
    predictor, inside, outside = found.predictor, found.inside, found.outside
    correlation: Any = spearmanr(inside, unseen.exact_match)  # scipy makes its class at run time
    rank = float(correlation.statistic)
    logger.info("tasks left out: mean score %.3f, rank correlation %.2f", inside.mean(), rank)
    logger.info("texts off topic: mean score %.3f", outside.mean())
    if unseen.exact_match.any() and float(inside.mean()) <= float(outside.mean()):
        raise ValueError("off-topic texts score like unseen tasks: the fit score would be noise")
    good, uncertain = thresholds(inside, unseen.exact_match, outside)
    logger.info("fit: good from %.4f, uncertain from %.4f", good, uncertain)
    fit = Fit(
        tasks=tuple(task.name for task in setting.train.tasks),
        matrix=matrix,
        good=good,
        uncertain=uncertain,
        success=stored_success(success),
        predictor=predictor,
    )
    if results is not None:
        write_rows(results / ROWS_FILE, fit_rows(setting, fit, predictor, success, real))
    return fit


def measure_seen(setting: Setting) -> Measured:
    """Training tasks in phrasings that training did not have."""
    return measure_descriptions(
        setting,
        setting.train.tasks,
        "selection",
        SUCCESS_DESCRIPTIONS,
        SUCCESS_SAMPLES,
        SUCCESS_SEED,
    )


def success_of(seen: Measured) -> Tensor:
    """Exact match of every training task, over all its descriptions, [tasks]."""
    return seen.exact_match.view(-1, SUCCESS_DESCRIPTIONS).mean(dim=1)


def measure_descriptions(
    setting: Setting,
    tasks: Sequence[Task],
    phrasing: Split,
    descriptions: int,
    samples: int,
    seed: int,
) -> Measured:
    """Exact match of some descriptions of every task, a block of tasks at a time.

    :param descriptions: of each task; they repeat where a task has fewer.
    :param samples: of each description.
    """
    names: list[str] = []
    texts: list[str] = []
    vectors: list[Tensor] = []
    hits: list[bool] = []
    for start in range(0, len(tasks), TASKS_A_BLOCK):
        some = tasks[start : start + TASKS_A_BLOCK]
        block = make_block(
            some, samples * descriptions, descriptions, seed, phrasing, setting.template
        )
        names += [task.name for task in some for _ in range(descriptions)]
        own = [text for row in block.descriptions for text in row]
        texts += own
        vectors.append(setting.encoder.encode(own))
        hits += setting.ask(block, setting.generate_from(vectors[-1]))
    right = torch.tensor(hits, dtype=torch.float64).view(len(texts), samples)
    return Measured(tuple(names), tuple(texts), torch.cat(vectors), right.mean(dim=1))


def measure_others(setting: Setting, texts: Sequence[str], tasks: Sequence[Task]) -> Measured:
    """Exact match of texts that describe no task, each on some of these tasks at random.

    :return: without names of tasks.
    """
    rows: list[Row] = []
    answers: list[tuple[str, ...]] = []
    for text in texts:
        rng = random.Random(f"fit|{REPORT_SEED}|{text}")
        for number in range(SAMPLES):
            drawn = fresh_samples(rng.choice(tasks), 1, f"fit|{text}|{number}")
            rows.append(setting.template.row(drawn[0]))
            answers.append(drawn[0].answers)
    vectors = setting.encoder.encode(list(texts))
    hits = setting.score(rows, setting.generate_from(vectors), answers)
    right = torch.tensor(hits, dtype=torch.float64).view(len(texts), SAMPLES)
    return Measured((), tuple(texts), vectors, right.mean(dim=1))


def fit_rows(
    setting: Setting, fit: Fit, predictor: Predictor, success: Tensor, real: Path | None = None
) -> list[FitRow]:
    """The report's rows: unseen tasks, left-out shapes, training tasks, and texts of no task.

    :param success: exact match of each training task, [tasks].
    :param real: as in `fit_of`.
    """
    config = setting.config

    def rows(kind: str, found: Measured, measured: bool = True) -> Iterator[FitRow]:
        scores = predict(predictor, found.vectors, fit.matrix, success).tolist()
        shares = found.exact_match.tolist() if measured else [None] * len(scores)
        names = found.tasks or [None] * len(scores)
        for task, text, score, share in zip(names, found.texts, scores, shares, strict=True):
            score = round(score, 4)
            yield FitRow(kind, task, text, score, verdict_of(fit, score), share)

    unseen = report_tasks(config)
    splits = {
        "report": unseen,
        "left_out": left_out_tasks(config),
        "seen": seen_tasks(config),
    }
    made: list[FitRow] = []
    for kind, tasks in splits.items():
        if tasks:
            found = measure_descriptions(
                setting, tasks, "held_out", DESCRIPTIONS, SAMPLES, REPORT_SEED
            )
            made += rows(kind, found)
    for kind, texts in {"off_topic": REPORT, "junk": junk(JUNK_TEXTS, "report")}.items():
        made += rows(kind, measure_others(setting, texts, unseen))
    if real is not None and real.exists():
        texts = _first_descriptions(real)
        vectors = setting.encoder.encode(list(texts))
        made += rows("real", Measured((), texts, vectors, torch.empty(0)), measured=False)
    return made


def verdict_of(fit: Fit, score: float) -> str:
    """`good`, `uncertain` or `unfit`."""
    if score >= fit.good:
        return "good"
    return "uncertain" if score >= fit.uncertain else "unfit"


def write_rows(path: Path, rows: Sequence[FitRow]) -> None:
    """Replace the file: thresholds and scores of two calibrations must not be mixed."""
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
