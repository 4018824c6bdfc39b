"""The fit score expects what was measured, and calls texts off topic unfit."""

import gzip
import json
import math
import zlib
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from statistics import fmean
from typing import cast

import pytest
import torch
from torch import Tensor, nn
from transformers import PreTrainedModel

from t2l.base.device import Device
from t2l.base.lora import LoraWeights
from t2l.config.recipe import Config
from t2l.encoders.corpus import Corpus
from t2l.evaluate import fit as module
from t2l.evaluate.fit import FitRow, fit_of, verdict_of
from t2l.evaluate.setting import Setting
from t2l.export.bundle.data import Fit, fit_bytes
from t2l.export.bundle.predictor import (
    Calibration,
    Measured,
    Predictor,
    calibrate,
    predict,
    stored_rows,
    stored_success,
    thresholds,
)
from t2l.hypernet.hypernetwork import Hypernetwork
from t2l.tasks import off_topic
from t2l.tasks.general import GENERAL
from t2l.tasks.procedural.registry import DOMAINS
from t2l.tasks.procedural.world import Task, TaskSet
from t2l.tasks.source import Split

AXES = 8  # training tasks; those of even number are done well
DIM = 32  # texts off topic lie in the dimensions behind the axes
PREDICTOR = Predictor(
    temperature=0.1,
    topic_bias=-5,
    topic_similarity=9,
    topic_direction=(0.5, -1, 0.25),
    match_bias=-2.5,
    match_success=4.25,
    direction=(1.5, -0.5, 0.75),
)


def noise(seed: str, first: int = 0) -> Tensor:
    """A unit vector, in the dimensions from `first` on."""
    generator = torch.Generator().manual_seed(zlib.crc32(seed.encode()))
    vector = torch.randn(DIM, generator=generator)
    vector[:first] = 0
    return vector / vector.norm()


def near(axis: int, seed: str) -> Tensor:
    """A description of a task that is like training task `axis`."""
    return torch.nn.functional.normalize(torch.eye(DIM)[axis % AXES] + 0.5 * noise(seed), dim=0)


def away(seed: str) -> Tensor:
    """A text off topic."""
    return torch.nn.functional.normalize(noise(seed, AXES) + 0.2 * noise(f"{seed}|more"), dim=0)


MATRIX = torch.eye(DIM)[:AXES]
SUCCESS = torch.tensor([0.9, 0.1] * (AXES // 2))
OUTSIDE = torch.stack([away(f"calibration {number}") for number in range(40)])
OTHERS = torch.stack([away(f"general {number}") for number in range(12)])


def measured(tasks: int, seed: str) -> Measured:
    """Three descriptions of each of some tasks; those of even number are done well."""
    numbers = [number for number in range(tasks) for _ in range(3)]
    return Measured(
        tasks=tuple(f"{seed} {number}" for number in numbers),
        texts=tuple(f"{seed} {number} {row}" for row, number in enumerate(numbers)),
        vectors=torch.stack([near(n, f"{seed} {n} {row}") for row, n in enumerate(numbers)]),
        exact_match=torch.tensor([0.1 if number % 2 else 0.8 for number in numbers]),
    )


SEEN, UNSEEN = measured(AXES, "seen"), measured(24, "unseen")
MATCHES = UNSEEN.exact_match


def calibrated() -> Calibration:
    return calibrate(SEEN, UNSEEN, OTHERS, OUTSIDE, MATRIX, SUCCESS)


@pytest.mark.parametrize(
    ("vector", "expected"),
    [
        # the same table and scores as in test/adapter/fit.test.ts
        ([1, 0, 0], 0.93363),
        ([0, 0.8, 0.6], 0.358669),
        ([3, 4, 0], 0.302951),
        ([0, -1, -0.5], 0.005935),
        ([0, 0, 0], 0.00223),
    ],
)
def test_the_score_is_the_closed_formula(vector: list[float], expected: float) -> None:
    matrix = torch.tensor([[1, 0, 0], [0, 1, 0], [0, 0.6, 0.8], [-1, 0, 0]])
    known = (0.9, 0.25, 0.5, 0.05)
    found = predict(PREDICTOR, torch.tensor([vector]).float(), matrix, torch.tensor(known))
    assert float(found) == pytest.approx(expected, abs=1e-6)

    length = math.hypot(*vector) or 1
    rows = stored_rows(matrix).tolist()
    cosines = [sum(a * b for a, b in zip(row, vector, strict=True)) / length for row in rows]
    shares = [math.exp(cosine / PREDICTOR.temperature) for cosine in cosines]
    weights = [share / sum(shares) for share in shares]
    success = sum(w * s for w, s in zip(weights, known, strict=True))
    along = (1.5 * vector[0] - 0.5 * vector[1] + 0.75 * vector[2]) / length
    like_ours = (0.5 * vector[0] - vector[1] + 0.25 * vector[2]) / length
    topic = 1 / (1 + math.exp(5 - 9 * max(cosines) - like_ours))
    match = 1 / (1 + math.exp(2.5 - 4.25 * success - along))
    assert float(found) == pytest.approx(topic * match, abs=1e-6)


def test_a_single_training_task_is_enough() -> None:
    vectors = torch.tensor([[1.0, 0, 0], [-1.0, 0, 0]])
    sharp = replace(PREDICTOR, temperature=1e-4)
    found = predict(sharp, vectors, torch.tensor([[1.0, 0, 0]]), torch.tensor([0.9]))
    assert found.tolist() == pytest.approx([0.93364, 0.0], abs=1e-6)


def test_the_score_expects_what_was_measured_on_tasks_it_did_not_see() -> None:
    found = calibrated()
    assert float(found.inside[MATCHES > 0.5].mean() - found.inside[MATCHES < 0.5].mean()) > 0.5
    assert float((found.inside - MATCHES).abs().mean()) < 0.2
    assert float(found.outside.quantile(0.95)) < 0.1
    fresh = torch.stack([near(number, f"fresh {number}") for number in range(16)])
    scores = predict(found.predictor, fresh, MATRIX, SUCCESS)
    assert float(scores[::2].min()) > float(scores[1::2].max())
    # a task done better than another like it never scores lower
    better = predict(found.predictor, fresh, MATRIX, (SUCCESS + 0.1).clamp(max=1))
    assert bool((better >= scores).all())


def test_verdicts_divide_what_is_done_well_from_the_rest_and_from_texts_off_topic() -> None:
    found = calibrated()
    good, uncertain = thresholds(found.inside, MATCHES, found.outside)
    assert 0 < uncertain <= good < 1
    fit = Fit(("x",), MATRIX[:1], good, uncertain)
    verdicts = [verdict_of(fit, score) for score in found.inside.tolist()]
    pairs = list(zip(verdicts, MATCHES.tolist(), strict=True))
    assert (
        fmean(m for v, m in pairs if v == "good") > fmean(m for v, m in pairs if v != "good") + 0.5
    )
    others = torch.stack([away(f"report {number}") for number in range(40)])
    scores = predict(found.predictor, others, MATRIX, SUCCESS).tolist()
    unfit = [verdict_of(fit, score) == "unfit" for score in scores]
    assert sum(unfit) >= 0.9 * len(unfit)


def test_thresholds_hold_when_every_description_is_worse_than_texts_off_topic() -> None:
    low, high = torch.full((4,), 0.1), torch.full((6,), 0.6)
    assert thresholds(low, torch.zeros(4), high) == (0.6, 0.6)
    assert thresholds(high, torch.ones(6), low) == (0.3, 0.3)  # equal scores, nothing to divide


def test_calibration_is_deterministic() -> None:
    first, again = calibrated(), calibrated()
    assert first.predictor == again.predictor and torch.equal(first.inside, again.inside)


def test_a_network_that_answers_nothing_right_fits_nothing() -> None:
    seen, unseen = (
        replace(some, exact_match=torch.zeros(len(some.texts))) for some in (SEEN, UNSEEN)
    )
    found = calibrate(seen, unseen, OTHERS, OUTSIDE, MATRIX, torch.zeros(AXES))
    assert float(found.inside.max()) < 0.01 and not any(found.predictor.direction)
    assert float(found.inside.mean()) > float(found.outside.mean())
    assert thresholds(found.inside, unseen.exact_match, found.outside) == (0.3, 0.3)


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"unseen": replace(UNSEEN, exact_match=MATCHES[:-1])}, "72 vectors, 71 shares"),
        ({"unseen": replace(UNSEEN, tasks=UNSEEN.tasks[:-1])}, "and 71 tasks"),
        ({"seen": replace(SEEN, vectors=SEEN.vectors[:-1])}, "23 vectors"),
        ({"success": SUCCESS[:-1]}, "8 training tasks with success of 7"),
        ({"success": SUCCESS + 0.2}, "between 0 and 1"),
        ({"unseen": replace(UNSEEN, exact_match=MATCHES - 0.2)}, "between 0 and 1"),
        ({"unseen": replace(UNSEEN, tasks=("same",) * 72)}, "at least 5 tasks"),
        ({"off_topic": OUTSIDE[:4]}, "5 texts off topic"),
    ],
)
def test_what_cannot_be_calibrated_is_refused(changes: dict[str, object], words: str) -> None:
    arguments = {
        "seen": SEEN,
        "unseen": UNSEEN,
        "general": OTHERS,
        "off_topic": OUTSIDE,
        "matrix": MATRIX,
        "success": SUCCESS,
    }
    with pytest.raises(ValueError, match=words):
        calibrate(**{**arguments, **changes})


def test_texts_off_topic_are_many_and_their_halves_disjoint() -> None:
    every = (*off_topic.OFF_TOPIC, *off_topic.FOREIGN)
    assert len(off_topic.OFF_TOPIC) >= 120
    assert len(set(every)) == len(every)
    assert not set(every) & set(GENERAL)
    assert not set(off_topic.CALIBRATION) & set(off_topic.REPORT)
    assert {*off_topic.CALIBRATION, *off_topic.REPORT} == set(every)
    junk = off_topic.junk(8, "a")
    assert junk == off_topic.junk(8, "a") and not set(junk) & set(off_topic.junk(8, "b"))


class AxisEncoder:
    """Puts descriptions of known tasks at the task's axis and everything else far from them."""

    dim = DIM

    def __init__(self, places: dict[str, int]) -> None:
        self.places = places

    def encode(self, texts: Sequence[str]) -> Tensor:
        return torch.stack(
            [near(self.places[t], t) if t in self.places else away(t) for t in texts]
        )


class AxisSetting(Setting):
    """Answers right if the adapter's vector is closest to a training task of even number."""

    def generate_from(self, vectors: Tensor) -> LoraWeights:
        return {"vector": (vectors, vectors)}

    def score(self, rows, weights=None, answers=None) -> list[bool]:
        assert weights is not None
        vectors = weights["vector"][0]
        closest = (vectors @ MATRIX.T).max(dim=1)
        right = (closest.values > 0.5) & (closest.indices % 2 == 0)
        return right.repeat_interleave(len(rows) // len(vectors)).tolist()


def phrasings(tasks: Sequence[Task], split: Split, seed: int) -> dict[str, int]:
    return {
        text: number
        for number, task in enumerate(tasks)
        for text in task.descriptions(split, module.DESCRIPTIONS, seed)
    }


@pytest.fixture
def setting(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> AxisSetting:
    every = tuple(Task("words", (step,)) for step in DOMAINS["words"].operations)
    train, selection, report = every[:AXES], every[AXES : 2 * AXES], every[2 * AXES : 3 * AXES]
    assert len(report) == AXES
    tasks = TaskSet(train=train, selection=selection, report=report, left_out=())
    monkeypatch.setattr(module, "tasks_of", lambda _config: tasks)
    monkeypatch.setattr(module, "report_tasks", lambda _config: report)
    monkeypatch.setattr(module, "left_out_tasks", lambda _config: ())
    monkeypatch.setattr(module, "seen_tasks", lambda _config: train[:2])
    places = {
        **phrasings(train, "selection", module.SUCCESS_SEED),
        **phrasings(selection, "selection", module.CALIBRATION_SEED),
        **phrasings(report, "held_out", module.REPORT_SEED),
        **phrasings(train, "held_out", module.REPORT_SEED),
    }
    corpus = Corpus(train, tuple((t.name,) for t in train), tuple(MATRIX.split(1)))
    cpu = Device("cpu", bfloat16=False)
    config = Config(runs=str(tmp_path))
    model, network = cast(PreTrainedModel, nn.Identity()), cast(Hypernetwork, nn.Identity())
    return AxisSetting(model, network, AxisEncoder(places), corpus, config, cpu, tmp_path)


def test_the_fit_of_a_run_says_beforehand_what_its_adapters_do(
    setting: AxisSetting, tmp_path: Path
) -> None:
    real = tmp_path / "real.jsonl.gz"
    with gzip.open(real, "wt", encoding="utf-8") as file:
        file.write(json.dumps({"task": "other", "descriptions": ["Do something else."]}) + "\n")
    fit = fit_of(setting, tmp_path / "results", real)
    assert fit.tasks == tuple(task.name for task in setting.train.tasks)
    assert fit.success == stored_success(torch.tensor([1.0, 0.0] * (AXES // 2)))
    assert fit.predictor is not None and len(fit_bytes(fit)) == AXES * DIM * 2
    manifest = fit.to_json()
    assert set(manifest) == {"tasks", "thresholds", "success", "predictor"}
    assert len(manifest["predictor"]["match"]["direction"]) == DIM

    lines = (tmp_path / "results" / "fit.jsonl").read_text(encoding="utf-8").splitlines()
    rows = [FitRow(**json.loads(line)) for line in lines]
    kinds = {kind: [row for row in rows if row.text_kind == kind] for kind in ("report", "seen")}
    assert {len(kinds["report"]), len(kinds["seen"])} == {AXES * 4, 2 * 4}
    done_well = [row.verdict for row in kinds["report"] if row.exact_match == 1]
    assert "unfit" not in done_well and done_well.count("good") >= 0.75 * len(done_well)
    assert {row.exact_match for row in kinds["report"] if row.verdict == "good"} == {1.0}
    other = [row for row in rows if row.task is None]
    assert {row.text_kind for row in other} == {"off_topic", "junk", "real"}
    assert sum(row.verdict == "unfit" for row in other) >= 0.9 * len(other)
    assert {row.exact_match for row in other} == {0.0, None}


def test_a_run_without_results_writes_none(setting: AxisSetting, tmp_path: Path) -> None:
    fit_of(setting)
    assert not list(tmp_path.iterdir())


def test_a_fit_without_predictor_says_nothing_of_it() -> None:
    assert set(Fit(("x",), MATRIX[:1], 0.75, 0.5).to_json()) == {"tasks", "thresholds"}
