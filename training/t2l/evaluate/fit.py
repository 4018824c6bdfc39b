"""Finds the fit of a run: where its tasks lie, how well they are done, and what makes the score.

The score itself is in `bundle/predictor.py`, and how it is found in `bundle/calibration.py`. It is
found on descriptions that people wrote of one half of the tasks, where a world has any
(`tasks/procedural/spoken`), and on tasks for selection in phrasings for selection. It is reported
on the other half, and on tasks of the report in held-out phrasings (`fit_rows.py`). Texts off topic
and junk are divided likewise.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch
from scipy.stats import spearmanr
from torch import Tensor
from torch.nn.functional import normalize

from t2l.base.typed import on_device
from t2l.encoders.corpus import Corpus
from t2l.evaluate.fit_levels import LevelRow, done_well, factors, measure_sizes, measure_strengths
from t2l.evaluate.fit_rows import fit_rows, write_lines
from t2l.evaluate.fit_texts import (
    kinds_of,
    measure_descriptions,
    measure_written,
    sketches_of,
    steps_of,
)
from t2l.evaluate.kept import forget
from t2l.evaluate.run import tasks_of
from t2l.evaluate.setting import Setting
from t2l.export.bundle.calibration import calibrate
from t2l.export.bundle.data import Fit
from t2l.export.bundle.entry import Entry, entry_of, entry_of_graph
from t2l.export.bundle.measured import Known, Measured, OffTopic
from t2l.export.bundle.predictor import Predictor, Reasons, stored_success
from t2l.export.bundle.run import BundleNetwork
from t2l.export.bundle.verdicts import strictest, thresholds
from t2l.tasks.off_topic import CALIBRATION, junk
from t2l.tasks.procedural.spoken import Half, Spoken, spoken
from t2l.tasks.source import Task

logger = logging.getLogger(__name__)

DESCRIPTIONS = 4  # of every task for selection that the score is found on
SUCCESS_SEED = 30_000  # of samples and descriptions; these seeds are used nowhere else
CALIBRATION_SEED = 30_001
KNOWN_DESCRIPTIONS = 4  # training phrasings whose adapters are a task's place
JUNK_TEXTS = 48
FEWEST_WRITTEN = 200  # texts of tasks that people wrote, to find a score on
FEWEST_PHRASED = 25  # tasks for selection that make coefficients of their own beside such texts
ROWS_FILE, LEVELS_FILE = "fit.jsonl", "fit_levels.jsonl"


@dataclass(frozen=True)
class World:
    """The tasks of a run and what people wrote of them.

    :param tasks: of every split, by name.
    :param calibration: texts that the score is found on.
    :param report: those that it is reported on.
    """

    tasks: Mapping[str, Task]
    calibration: tuple[Spoken, ...]
    report: tuple[Spoken, ...]


def fit_of(setting: Setting, results: Path | None = None, real: Path | None = None) -> Fit:
    """The bundle's fit: where training tasks lie, how well they are done, and the predictor.

    What was measured before it was cut is not measured again (`kept.py`).

    :param results: folder that gets `fit.jsonl` and `fit_levels.jsonl`, the report's rows; None
        measures none.
    :param real: JSON lines, gzipped, of descriptions that people wrote of other tasks, to be
        reported too; left out if there is no such file.
    :raises ValueError: if tasks do not score above texts off topic.
    """
    on_device(setting.model, setting.device.name).eval()
    setting.hypernetwork.to(setting.device.name).eval()
    if setting.hypernetwork.target.output != "lora":  # a predictor reads the updates of LoRAs
        return cosine_fit(setting, results)
    world = world_of(setting)
    seen = measure_seen(setting)
    success = success_of(setting, seen)
    by_hand, phrased = measure_by_hand(setting, world), None
    if by_hand is not None and len(tasks_of(setting.config).selection) >= FEWEST_PHRASED:
        phrased = measure_phrased(setting)
    judged = by_hand or measure_phrased(setting)
    found = calibrate(
        known_of(setting, seen),
        seen,
        judged,
        off_topic_of(setting, world),
        success,
        by_hand is not None,
        phrased,
    )
    named = torch.tensor([task is not None for task in judged.tasks])
    _check(found.inside[named], judged.exact_match[named], found.outside)
    ways = [thresholds(found.inside, judged.exact_match, found.outside, named)]
    if phrased is not None:
        _check(found.phrased, phrased.exact_match, found.outside)
        ways.append(thresholds(found.phrased, phrased.exact_match, found.outside))
    good, uncertain = strictest(ways)
    logger.info("fit: good from %.4f, uncertain from %.4f", good, uncertain)
    well = done_well(setting.train.tasks, success, setting.config.evaluation.fit.level_tasks)
    strengths = measure_strengths(setting, well)
    predictor = _explained(found.predictor, good)
    fit = Fit(
        tasks=tuple(task.name for task in setting.train.tasks),
        matrix=setting.train.centroids(),
        good=good,
        uncertain=uncertain,
        success=stored_success(success),
        predictor=predictor,
        strengths=factors(strengths),
        sizes=setting.config.bundle.sizes,
    )
    if results is not None:
        write_lines(results / LEVELS_FILE, [*strengths, *measure_sizes(setting, well)])
        rows = fit_rows(setting, fit, predictor, world.report, world.tasks, real)
        write_lines(results / ROWS_FILE, rows)
    forget(setting)
    return fit


def cosine_fit(setting: Setting, results: Path | None) -> Fit:
    """The fit of adapters that no predictor can read: the highest cosine to a training task.

    Where its verdicts begin is found on tasks for selection and on texts off topic.
    """
    matrix, tasks = setting.train.centroids(), tasks_of(setting.config).selection
    known = normalize(matrix.double(), dim=1)
    samples = setting.config.evaluation.fit.calibration
    judged = measure_descriptions(
        setting, tasks, "selection", DESCRIPTIONS, samples, CALIBRATION_SEED, with_sketches=False
    )
    outside = setting.encoder.encode([*CALIBRATION, *junk(JUNK_TEXTS, "calibration")])

    def scores(vectors: Tensor) -> Tensor:
        return (normalize(vectors.double(), dim=1) @ known.T).amax(dim=1)

    good, uncertain = thresholds(scores(judged.vectors), judged.exact_match, scores(outside))
    strengths: list[LevelRow] = []
    if setting.hypernetwork.target.output != "dora":  # which has only one
        seen = success_of(setting, measure_seen(setting))
        well = done_well(setting.train.tasks, seen, setting.config.evaluation.fit.level_tasks)
        strengths = measure_strengths(setting, well)
        if results is not None:
            write_lines(results / LEVELS_FILE, strengths)
    forget(setting)
    return Fit(
        tasks=tuple(task.name for task in setting.train.tasks),
        matrix=matrix,
        good=good,
        uncertain=uncertain,
        strengths=factors(strengths),
        sizes=setting.config.bundle.sizes,
    )


def world_of(setting: Setting) -> World:
    """The run's tasks, with what people wrote of those that it has."""
    splits = tasks_of(setting.config)
    rows = (*splits.train, *splits.selection, *splits.report, *splits.left_out)
    tasks = {task.name: task for task in rows}

    def texts(half: Half) -> tuple[Spoken, ...]:
        if setting.config.tasks.source != "procedural":
            return ()
        return tuple(row for row in spoken(half) if row.task is None or row.task in tasks)

    return World(tasks, texts("calibration"), texts("report"))


def measure_seen(setting: Setting) -> Measured:
    """Training tasks in phrasings that training did not have; their adapters are not looked at."""
    options = setting.config.evaluation.fit
    return measure_descriptions(
        setting,
        setting.train.tasks,
        "selection",
        options.phrasings,
        options.success,
        SUCCESS_SEED,
        with_sketches=False,
    )


def success_of(setting: Setting, seen: Measured) -> Tensor:
    """Exact match of every training task, over all its descriptions, [tasks]."""
    return seen.exact_match.view(len(setting.train.tasks), -1).mean(dim=1)


def measure_by_hand(setting: Setting, world: World) -> Measured | None:
    """What people wrote for calibration; None where that is too little."""
    rows = [row for row in world.calibration if row.kind in ("task", "missing_step")]
    if sum(row.task is not None for row in rows) < FEWEST_WRITTEN:
        return None
    return measure_written(setting, rows, world.tasks)


def measure_phrased(setting: Setting) -> Measured:
    """Tasks for selection in the world's own phrasings."""
    tasks = tasks_of(setting.config).selection
    samples = setting.config.evaluation.fit.calibration
    return measure_descriptions(
        setting, tasks, "selection", DESCRIPTIONS, samples, CALIBRATION_SEED
    )


def off_topic_of(setting: Setting, world: World) -> OffTopic:
    """Texts that describe no task."""
    written = [row.text for row in world.calibration if row.kind == "other"]
    vectors = setting.encoder.encode([*CALIBRATION, *junk(JUNK_TEXTS, "calibration"), *written])
    return OffTopic(vectors, sketches_of(setting, vectors))


def known_of(setting: Setting, seen: Measured) -> Known:
    """The training tasks, as the score is found from them.

    :param seen: as many descriptions of each, in order.
    """
    train: Corpus = setting.train
    own = [vectors[:KNOWN_DESCRIPTIONS] for vectors in train.embeddings]
    sketches = torch.stack([sketches_of(setting, vectors).mean(dim=0) for vectors in own])
    places = torch.arange(len(own))
    counts = torch.tensor([len(vectors) for vectors in own])
    return Known(
        modules=setting.hypernetwork.target.module_names,
        kinds=tuple(kinds_of(task) for task in train.tasks),
        steps=tuple(steps_of(task) for task in train.tasks),
        matrix=train.centroids(),
        sketches=sketches,
        phrasings=torch.cat([*own, seen.vectors]),
        phrased=torch.cat(
            [
                places.repeat_interleave(counts),
                places.repeat_interleave(len(seen.texts) // len(own)),
            ]
        ),
        entry=_entry_of(setting),
    )


def _entry_of(setting: Setting) -> Entry | None:
    network = setting.hypernetwork
    if isinstance(network, BundleNetwork):
        return entry_of_graph(network.first_graph())
    return entry_of(network)


def _explained(predictor: Predictor, good: float) -> Predictor:
    """The same, with reasons for nothing that is a good fit."""

    def below(reasons: Reasons) -> Reasons:
        return replace(reasons, score=min(reasons.score, good))

    phrased = predictor.phrased
    if phrased is not None:
        phrased = replace(phrased, reasons=below(phrased.reasons))
    return replace(predictor, reasons=below(predictor.reasons), phrased=phrased)


def _check(inside: Tensor, shares: Tensor, outside: Tensor) -> None:
    """Log how well tasks that were left out are told apart, and refuse a score that is noise.

    :param inside: scores of descriptions of tasks, [n], whose exact match is `shares`.
    :param outside: of texts off topic, [m].
    """
    logger.info("%d descriptions, tasks left out: mean score %.3f", len(inside), inside.mean())
    if min(len(inside.unique()), len(shares.unique())) > 1:
        correlation: Any = spearmanr(inside, shares)  # scipy makes its class at run time
        logger.info("their rank correlation with exact match: %.2f", correlation.statistic)
    logger.info("texts off topic: mean score %.3f", outside.mean())
    if shares.any() and float(inside.mean()) <= float(outside.mean()):
        raise ValueError("off-topic texts score like tasks: the fit score would be noise")
